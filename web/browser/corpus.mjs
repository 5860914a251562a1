// The hostile corpus (corpus.jsonl: a case a line) and how it travels: in texts that carry marks by which each case is known again on a screen.
//
// A case is {name, text, where?, runs?, refused?, repeat?, times?, tool?}: `§` in its text becomes its number, `repeat` stands before it so many
// `times`. `where` is `text` (everywhere), `tool` (the name of a tool) or `input` (a tool's input, as JSON). `runs` says that the text runs a script
// in a page that takes it for HTML or Markdown without care, which is proved each time; `refused` that nobody is asked, because no tool has such a name.

import { readFileSync } from "node:fs";

/** Characters that a question and a title may have, with room for their marks. The hub takes more than these. */
const [QUESTION, TITLE] = [10_000, 190];

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

/** Groups of things whose texts have at most so many bytes together. */
export function groups(things, bytes, textOf) {
  const all = [[]];
  let held = 0;
  for (const thing of things) {
    const size = Buffer.byteLength(textOf(thing));
    if (held + size > bytes && all.at(-1).length > 0) {
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
