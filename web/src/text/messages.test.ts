import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

type Text = string | { match: Record<string, string> }[];
const read = (tag: string) => JSON.parse(readFileSync(`messages/${tag}.json`, "utf8")) as Record<string, Text>;
const [en, ja] = [read("en"), read("ja")];

const texts = (text: Text | undefined) => (typeof text === "string" ? [text] : (text ?? []).flatMap((form) => Object.values(form.match)));
const names = (text: Text | undefined) =>
  [...new Set(texts(text).flatMap((one) => [...one.matchAll(/\{(\w+)\}/g)].map((found) => found[1])))].sort();

describe("the two languages", () => {
  it("say the same things", () => {
    expect(Object.keys(ja)).toEqual(Object.keys(en));
  });
  it("name the same values", () => {
    // A singular may leave its number out, so only what the other language needs must be there.
    for (const key of Object.keys(en)) expect(names(ja[key]), key).toEqual(names(en[key]));
  });
  it("are both in use, key by key", () => {
    const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter(
      (path) => /\.tsx?$/.test(path) && !/text\/gen\/|\.gen\./.test(path),
    );
    const code = files.map((path) => readFileSync(`src/${path}`, "utf8")).join("\n");
    const unused = Object.keys(en).filter((key) => key !== "$schema" && !new RegExp(`\\bm\\.${key}\\b`).test(code));
    expect(unused).toEqual([]);
  });
  it("use no full-width Latin letters", () => {
    for (const [key, text] of Object.entries(ja))
      expect(
        texts(text).some((one) => /[Ａ-Ｚａ-ｚ０-９]/.test(one)),
        key,
      ).toBe(false);
  });
});
