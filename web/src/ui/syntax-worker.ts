// The worker that reads code. It has the grammars that were asked for, one file each, and no way to the page but numbers.
import { createHighlighterCore, type HighlighterCore } from "shiki/core";
import { createJavaScriptRegexEngine } from "shiki/engine/javascript";
import type { Answer, Question, Run } from "@/ui/syntax";
import { kindOf, THEME } from "@/ui/syntax-theme";

/** Longer lines stay plain, and a line that takes longer does from there on: a text must not hold the others up. */
const [LINE_CHARS, LINE_MS] = [2_000, 100];

const GRAMMARS = {
  c: () => import("shiki/langs/c.mjs"),
  css: () => import("shiki/langs/css.mjs"),
  docker: () => import("shiki/langs/docker.mjs"),
  go: () => import("shiki/langs/go.mjs"),
  html: () => import("shiki/langs/html.mjs"),
  java: () => import("shiki/langs/java.mjs"),
  json: () => import("shiki/langs/json.mjs"),
  markdown: () => import("shiki/langs/markdown.mjs"),
  python: () => import("shiki/langs/python.mjs"),
  rust: () => import("shiki/langs/rust.mjs"),
  shellscript: () => import("shiki/langs/shellscript.mjs"),
  sql: () => import("shiki/langs/sql.mjs"),
  toml: () => import("shiki/langs/toml.mjs"),
  tsx: () => import("shiki/langs/tsx.mjs"),
  yaml: () => import("shiki/langs/yaml.mjs"),
};

let made: Promise<HighlighterCore> | undefined;

function highlighter(): Promise<HighlighterCore> {
  made ??= createHighlighterCore({ themes: [THEME], engine: createJavaScriptRegexEngine({ forgiving: true }) });
  return made;
}

/** The lines of a text in runs of one kind. */
function runs(reader: HighlighterCore, text: string, lang: string): Run[][] {
  const lines = reader.codeToTokensBase(text, { lang, theme: THEME.name, tokenizeMaxLineLength: LINE_CHARS, tokenizeTimeLimit: LINE_MS });
  return lines.map((tokens) => {
    const line: [number, number][] = [];
    for (const { content, color } of tokens) {
      const [kind, before] = [kindOf(color), line.at(-1)];
      if (before?.[1] === kind) before[0] += content.length;
      else line.push([content.length, kind]);
    }
    return line;
  });
}

async function answer({ id, language, texts }: Question): Promise<Answer> {
  if (!Object.hasOwn(GRAMMARS, language)) return { id, texts: [] };
  const reader = await highlighter();
  if (!reader.getLoadedLanguages().includes(language)) await reader.loadLanguage(GRAMMARS[language as keyof typeof GRAMMARS]());
  return { id, texts: texts.map((text) => runs(reader, text, language)) };
}

addEventListener("message", ({ data }: MessageEvent<Question>) => {
  answer(data).then(postMessage, () => postMessage({ id: data.id, texts: [] } satisfies Answer));
});
