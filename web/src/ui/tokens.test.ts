import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync("src/ui/tokens.css", "utf8");
const tokens = new Map(
  [...css.matchAll(/--([a-z-]+): light-dark\(oklch\(([\d. ]+)\), oklch\(([\d. ]+)\)\)/g)].map(([, name, light, dark]) => [
    name as string,
    [light, dark].map((text) => (text as string).split(" ").map(Number)),
  ]),
);

/** Relative luminance (WCAG 2.2) of an OKLCH colour, through linear sRGB. */
function luminance([l = 0, c = 0, h = 0]: number[]): number {
  const [a, b] = [c * Math.cos((h * Math.PI) / 180), c * Math.sin((h * Math.PI) / 180)];
  const [x, y, z] = [
    l + 0.3963377774 * a + 0.2158037573 * b,
    l - 0.1055613458 * a - 0.0638541728 * b,
    l - 0.0894841775 * a - 1.291485548 * b,
  ];
  const [L, M, S] = [x ** 3, y ** 3, z ** 3];
  const linear = [
    4.0767416621 * L - 3.3077115913 * M + 0.2309699292 * S,
    -1.2684380046 * L + 2.6097574011 * M - 0.3413193965 * S,
    -0.0041960863 * L - 0.7034186147 * M + 1.707614701 * S,
  ].map((channel) => Math.min(1, Math.max(0, channel)));
  return 0.2126 * (linear[0] ?? 0) + 0.7152 * (linear[1] ?? 0) + 0.0722 * (linear[2] ?? 0);
}

function contrast(one: string, other: string, theme: 0 | 1): number {
  const [a, b] = [one, other].map((name) => {
    const value = tokens.get(name)?.[theme];
    if (value === undefined) throw new Error(`no token --${name}`);
    return luminance(value);
  }) as [number, number];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

const SURFACES = ["ground", "panel", "raised", "sunken"];
const TEXTS = ["ink", "soft", "faint", "accent"];
const CODE = ["comment", "keyword", "string", "number", "function", "type"].map((kind) => `syntax-${kind}`);
const STATES = ["working", "needs", "parked", "done", "failed", "queued", "lost"];

describe.each([
  ["light", 0],
  ["dark", 1],
] as const)("%s", (_, theme) => {
  const pairs = [
    ...[...TEXTS, ...STATES].flatMap((text) => SURFACES.map((surface) => [text, surface] as const)),
    ...[...STATES, "accent"].flatMap((state) => [
      [state, `${state}-tint`] as const,
      ["ink", `${state}-tint`] as const,
      ["soft", `${state}-tint`] as const,
    ]),
    ...CODE.flatMap((kind) => ["panel", "sunken", "done-tint", "failed-tint"].map((surface) => [kind, surface] as const)),
    ["ground", "ink"] as const,
  ];
  it.each(pairs)("%s is readable on %s", (text, surface) => {
    expect(contrast(text, surface, theme)).toBeGreaterThanOrEqual(4.5);
  });
  it.each(SURFACES)("the edge of a control is seen on %s", (surface) => {
    expect(contrast("edge", surface, theme)).toBeGreaterThanOrEqual(3);
  });
});

describe("the computation", () => {
  it("knows black on white", () => {
    expect((luminance([1, 0, 0]) + 0.05) / (luminance([0, 0, 0]) + 0.05)).toBeCloseTo(21, 1);
  });
  it("reads every token of the file", () => {
    expect(tokens.size).toBe([...css.matchAll(/^ {2}--[a-z-]+: light-dark/gm)].length - 1);
  });
});
