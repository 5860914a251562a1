import { readdirSync, readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { Failure } from "@/api/client";
import { PROBLEMS, type Problem, spoken } from "@/api/problem";
import { reasonWord } from "@/api/reason";
import { changeLocale, locales } from "@/text/locale";

const japanese = /[\u3040-\u30ff\u4e00-\u9fff]/;
const body = (more: Partial<Problem>): Problem => ({
  type: "/problems/not-found",
  title: "x",
  status: 404,
  detail: "There is no task.",
  ...more,
});

afterEach(() => changeLocale("en"));

describe("problems", () => {
  const slugs = readdirSync("../docs/problems").map((name) => name.replace(".md", ""));
  it("are all known, and no others", () => {
    expect(Object.keys(PROBLEMS).sort()).toEqual(slugs.sort());
    expect(slugs.length).toBeGreaterThan(20);
  });
  it.each(slugs)("%s says in English what its page says, and the same in Japanese", (slug) => {
    const page = readFileSync(`../docs/problems/${slug}.md`, "utf8");
    const [title, hint] = [/^# (.*)$/m, /^\*\*What to do\.\*\* (.*)$/m].map((part) => part.exec(page)?.[1]);
    expect(spoken(body({ type: `/problems/${slug}`, hint: null }))).toMatchObject({ title, hint });
    changeLocale("ja");
    const said = spoken(body({ type: `/problems/${slug}`, hint: null }));
    expect([said.title, said.hint]).toEqual([expect.stringMatching(japanese), expect.stringMatching(japanese)]);
  });
  it("follow the language, and keep what the hub knows better", () => {
    const failure = new Failure(body({ hint: "Look there." }));
    expect([failure.message, failure.problem?.hint]).toEqual(["There is no task.", "Look there."]);
    changeLocale("ja");
    expect([failure.message, failure.problem?.hint]).toEqual([
      expect.stringMatching(/^見つかりません.*There is no task\.$/),
      expect.stringMatching(japanese),
    ]);
  });
  it("of a later version speak for themselves", () => {
    changeLocale("ja");
    for (const type of ["/problems/later", "/problems/constructor", "about:blank"]) expect(spoken(body({ type })).title).toBe("x");
  });
});

describe("reasons", () => {
  const { schemas } = JSON.parse(readFileSync("../docs/openapi.json", "utf8")).components;
  // Each has a description of its own, so the list is one of alternatives.
  const words: string[] = schemas.Reason.enum ?? schemas.Reason.oneOf.flatMap((one: { enum: string[] }) => one.enum);
  it.each(words)("%s has a sentence in both languages", (word) => {
    const said = locales.map((tag) => {
      changeLocale(tag);
      return reasonWord(word);
    });
    expect(said).not.toContain(word);
    expect(new Set(said).size).toBe(locales.length);
  });
  it("of a later version are their own word", () => {
    expect(["later", "constructor"].map(reasonWord)).toEqual(["later", "constructor"]);
  });
});
