import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { cn } from "@/ui/class";

/** The names of a scale that the style sheet adds. */
function scale(name: string): string[] {
  const css = readFileSync("src/ui/base.css", "utf8");
  return [...css.matchAll(new RegExp(`--${name}-([a-z]+):`, "g"))].map(([, word]) => word ?? "");
}

it("knows each of our sizes for a size, which a colour leaves alone and another size replaces", () => {
  expect(scale("text")).not.toHaveLength(0);
  for (const size of scale("text")) {
    expect(cn(`text-${size} text-soft`, "text-failed")).toBe(`text-${size} text-failed`);
    expect(cn("text-small", `text-${size}`)).toBe(`text-${size}`);
  }
  for (const radius of scale("radius")) expect(cn("rounded-box", `rounded-${radius}`)).toBe(`rounded-${radius}`);
});
