import { cleanup, render } from "@testing-library/react";
import { createHighlighterCore } from "shiki/core";
import { createJavaScriptRegexEngine } from "shiki/engine/javascript";
import rust from "shiki/langs/rust.mjs";
import { afterEach, describe, expect, it } from "vitest";
import { Painted } from "@/ui/painted";
import { KINDS, languageOf, type Run } from "@/ui/syntax";
import { kindOf, THEME } from "@/ui/syntax-theme";

afterEach(cleanup);

describe("the language of a file", () => {
  it("is known by its ending or its name", () => {
    expect(["src/main.rs", "a.TSX", "deep/Dockerfile", "x.yml"].map(languageOf)).toEqual(["rust", "tsx", "docker", "yaml"]);
  });
  it("is none for what is not in the list, whatever it is called", () => {
    expect(["notes.txt", "", "x.constructor", "x.__proto__", "rs/x"].map(languageOf)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("a painted line", () => {
  const shown = (text: string, runs: readonly Run[]) => render(<p>{<Painted text={text} runs={runs} />}</p>).container;
  it("has the letters of its text, whatever the runs say", () => {
    const line = "let x = '<img src=x onerror=alert(1)>';";
    for (const runs of [[], [[3, 2]], [[999, 3]], [[1, 99]], [[0, 0]]] as Run[][]) {
      const made = shown(line, runs);
      expect(made.textContent).toBe(line);
      expect(made.querySelector("img")).toBeNull();
    }
    expect(shown(line, [[3, 2]]).querySelector("span")?.className).toBe("text-syntax-keyword");
  });
});

describe("the theme", () => {
  it("says a kind for what a grammar finds", async () => {
    const reader = await createHighlighterCore({ themes: [THEME], langs: [rust], engine: createJavaScriptRegexEngine() });
    const [line] = reader.codeToTokensBase('fn main() { let n: u8 = 12; } // "x"', { lang: "rust", theme: THEME.name });
    const kinds = new Map(line?.map(({ content, color }) => [content.trim(), KINDS[kindOf(color)]]));
    expect([kinds.get("fn"), kinds.get("main"), kinds.get("12"), kinds.get("u8")]).toEqual([
      "text-syntax-keyword",
      "text-syntax-function",
      "text-syntax-number",
      "text-syntax-type",
    ]);
    expect([...kinds].at(-1)).toEqual([expect.stringContaining('"x"'), "text-syntax-comment"]);
  });
  it("takes nothing else for a kind", () => {
    expect([undefined, "", "#ffffff", "red", "#000063"].map(kindOf)).toEqual([0, 0, 0, 0, 0]);
  });
});
