// The hostile corpus (corpus.jsonl: a case a line) and how it travels: in texts that carry marks by which each case is known again on a screen.
//
// A case is {name, text, where?, runs?, refused?, repeat?, times?, tool?}: `§` in its text becomes its number, `repeat` stands before it so many
// `times`. `where` is `text` (everywhere), `tool` (the name of a tool) or `input` (a tool's input, as JSON). `runs` says that the text runs a script
// in a page that takes it for HTML or Markdown without care, which is proved each time; `refused` that nobody is asked, because no tool has such a name.

import { readFileSync } from "node:fs";

/** Characters that a question and a title, and bytes that a file's name may have, with room for their marks. All that take them take more. */
const [QUESTION, TITLE, PATH] = [10_000, 190, 180];

export const CASES = readFileSync(new URL("corpus.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((row, n) => {
    const one = { where: "text", ...JSON.parse(row), n };
    return { ...one, text: `${(one.repeat ?? "").repeat(one.times ?? 0)}${one.text}`.replaceAll("§", String(n)) };
  });
export const of = (where) => CASES.filter((one) => one.where === where);
/** Those that fit where little fits. */
export const short = () => of("text").filter((one) => one.text.length < QUESTION);

/** Those that fit where many stand in one line. */
export const brief = () => of("text").filter((one) => one.text.length < TITLE);

/** By what a case is known in one kind of place. */
export const mark = (one, place) => `h${String(one.n).padStart(3, "0")}${place}`;
export const MARKS = /h\d{3}[a-z]/g;
export const block = (one, place) => `${mark(one, place)}\n\n${one.text}`;
export const line = (one, place) => `${mark(one, place)} ${one.text.replace(/[\r\n]+/g, " ")}`;
export const title = (one, place) => [...line(one, place).replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, "")].slice(0, TITLE).join("").trim();

/** A name for a file: whatever a file system takes. */
export function path(one, place) {
  let name = [...block(one, place).replaceAll("\0", "").replaceAll("/", "∕")];
  while (Buffer.byteLength(name.join("")) > PATH) name = name.slice(0, -Math.ceil(name.length / 8));
  return name.join("").trim();
}

/** Groups of at most so many things whose texts have at most so many bytes together. */
export function groups(things, bytes, textOf, most = things.length) {
  const all = [[]];
  let held = 0;
  for (const thing of things) {
    const size = Buffer.byteLength(textOf(thing));
    if (all.at(-1).length > 0 && (held + size > bytes || all.at(-1).length === most)) {
      all.push([]);
      held = 0;
    }
    all.at(-1).push(thing);
    held += size;
  }
  return all;
}

/** A question about a case. A tool's name has no spaces; what an input is stays as it was written. */
export function question(one) {
  if (one.where === "tool") return `ask ${mark(one, "q")}${one.text} {"command":"ls"}`;
  if (one.where === "text") return `ask Bash ${JSON.stringify({ command: block(one, "q") })}`;
  const quoted = JSON.stringify(mark(one, "q"));
  const input = one.text.startsWith("[") ? `[${quoted},${one.text.slice(1)}` : `{"mark":${quoted},${one.text.slice(1)}`;
  return `ask ${one.tool ?? "Bash"} ${input}`;
}

const lines = (verb, text) => `${verb} <<STOP\n${text}\nSTOP`;
const printed = (text) => `printf %s ${Buffer.from(text).toString("base64")} | base64 -d`;
const KINDS = ["html", "js", "md", "rs", "py", "css", "json", "sh", "yml", "tsx", "txt"];
const kind = (one) => KINDS[one.n % KINDS.length];

/** What the rehearsal program does with a case: says it, thinks it, writes it into a file that is called like it, and runs what prints it; one
 * in four fails after that. Of a long output the end is shown first, so its mark stands at both. */
export const story = (one) =>
  [
    lines("say", block(one, "s")),
    lines("think", line(one, "t")),
    lines(`write ${path(one, "p").replace(/\s+/g, "/")}.${kind(one)}`, block(one, "f")),
    `run! ${printed(`${mark(one, "o")} ${one.text}\n${mark(one, "o")}`)}${one.n % 4 === 0 ? "; exit 3" : ""}`,
  ].join("\n");

/** Ends what a terminal may still be waiting for the end of: cases that stand below each other are to be seen each. */
const END = "\u001b\\";

/** What is left of a case in a change: a file that is called like it, of one kind or another, and a line of what its check prints. */
export const work = (one) =>
  [
    `run! ${printed(block(one, "g"))} > "$(${printed(`${path(one, "v")}.${kind(one)}`)})"`,
    `run! ${printed(`${line(one, "c")}${END}\n`)} >> evidence`,
  ].join("\n");

/** The bytes of a case for a terminal, between its mark and its mark: a sequence may wipe what stood before. */
export const bytes = (one, place) => `${mark(one, place)}\n${one.text}${END}\n${mark(one, place)}\n`;

/** Characters of a step's title, and words that make any text long enough for a plan. */
const [STEP, MORE] = [90, "and nothing else is to be done"];

/** What an agent for plans answers. */
export const plan = (cases) => ({
  summary: `${line(cases[0], "a")} ${MORE}`,
  tasks: cases.map((one) => ({
    id: `k${one.n}`,
    title: [...title(one, "k")].slice(0, STEP).join("").trim(),
    description: `${block(one, "j")}\n\n${MORE}`,
    depends_on: [],
    acceptance: [line(one, "j")],
    checks: [],
    paths: [],
    agent: "coder",
  })),
  questions: [line(cases[0], "b")],
});
