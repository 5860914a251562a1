// Colours of code, made beside the page: a worker reads a text by the grammar of its file's language and says how long each piece is and of
// what kind. What comes back can paint letters and nothing more; until it is there, and where there is none, the text stands as it is.
import { useEffect, useMemo, useState } from "react";
import address from "@/ui/syntax-worker.ts?worker&url";

/** A piece of a line: so many letters of a kind. */
export type Run = readonly [letters: number, kind: number];
/** What the worker is asked, and what it says: for each text its lines, and for each line its runs. */
export type Question = { id: number; language: string; texts: string[] };
export type Answer = { id: number; texts: Run[][][] };

/** Kinds by their numbers; the first has no colour of its own. */
export const KINDS = [
  "",
  "text-syntax-comment",
  "text-syntax-keyword",
  "text-syntax-string",
  "text-syntax-number",
  "text-syntax-function",
  "text-syntax-type",
] as const;

/** Longer texts stay plain: nobody reads them for their colours. */
const CHARS_MAX = 200_000;
/** Answers that are kept, so that going back is at once. */
const KEPT = 64;

const LANGUAGES: Record<string, string> = {
  bash: "shellscript",
  c: "c",
  cjs: "tsx",
  css: "css",
  dockerfile: "docker",
  go: "go",
  h: "c",
  htm: "html",
  html: "html",
  java: "java",
  js: "tsx",
  json: "json",
  jsonc: "json",
  jsx: "tsx",
  md: "markdown",
  mjs: "tsx",
  py: "python",
  rs: "rust",
  sh: "shellscript",
  sql: "sql",
  toml: "toml",
  ts: "tsx",
  tsx: "tsx",
  yaml: "yaml",
  yml: "yaml",
  zsh: "shellscript",
};

/** The language of a file, by its name. */
export function languageOf(path: string): string | undefined {
  const name = path.split(/[\\/]/).at(-1)?.toLowerCase() ?? "";
  const ending = name.split(".").at(-1) ?? "";
  return Object.hasOwn(LANGUAGES, ending) ? LANGUAGES[ending] : undefined;
}

type Policy = { createScriptURL: (text: string) => string };
type WithPolicies = { trustedTypes?: { createPolicy: (name: string, rules: Policy) => Policy } };

let worker: Worker | undefined;
let last = 0;
const waiting = new Map<number, (answer: Answer["texts"]) => void>();
const kept = new Map<string, Promise<Answer["texts"]>>();

/** The worker, from the first question on. The page's policy for it knows one address. */
function begun(): Worker | undefined {
  if (worker !== undefined || typeof Worker === "undefined") return worker;
  const policy = (window as WithPolicies).trustedTypes?.createPolicy("fugue-syntax", { createScriptURL: () => address });
  worker = new Worker(policy === undefined ? address : policy.createScriptURL(address), { type: "module" });
  worker.onmessage = ({ data: { id, texts } }: MessageEvent<Answer>) => {
    waiting.get(id)?.(texts);
    waiting.delete(id);
  };
  return worker;
}

function painted(language: string, texts: string[]): Promise<Answer["texts"]> {
  const key = [language, ...texts].join("\0");
  const known = kept.get(key);
  if (known !== undefined) return known;
  const answer = new Promise<Answer["texts"]>((resolve) => {
    last += 1;
    waiting.set(last, resolve);
    begun()?.postMessage({ id: last, language, texts } satisfies Question);
  });
  kept.set(key, answer);
  for (const old of kept.keys()) {
    if (kept.size <= KEPT) break;
    kept.delete(old);
  }
  return answer;
}

type Line = { kind: "same" | "added" | "deleted"; text: string };

/** The runs of each line of a file's change. Its parts are read one by one, each as it was and as it is. */
export function useSyntax(path: string, parts: readonly (readonly Line[])[]): (line: Line) => readonly Run[] | undefined {
  const language = languageOf(path);
  const versions = useMemo(
    () => parts.flatMap((part) => [part.filter((line) => line.kind !== "added"), part.filter((line) => line.kind !== "deleted")]),
    [parts],
  );
  const [runs, setRuns] = useState<{ of: typeof versions; lines: Map<Line, readonly Run[]> }>();
  useEffect(() => {
    const texts = versions.map((lines) => lines.map((line) => line.text).join("\n"));
    if (language === undefined || texts.reduce((sum, text) => sum + text.length, 0) > CHARS_MAX) return;
    let gone = false;
    void painted(language, texts).then((answer) => {
      if (gone) return;
      const lines = new Map<Line, readonly Run[]>();
      versions.forEach((version, at) => {
        version.forEach((line, number) => {
          const found = answer[at]?.[number];
          if (found !== undefined) lines.set(line, found);
        });
      });
      setRuns({ of: versions, lines });
    });
    return () => {
      gone = true;
    };
  }, [language, versions]);
  return (line) => (runs?.of === versions ? runs.lines.get(line) : undefined);
}
