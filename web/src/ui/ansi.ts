// Colours and weight of terminal output as classes. Everything else that a terminal would obey is dropped, so output can paint letters
// and nothing more.

export type Span = { text: string; className: string };

export const PALETTE = ["text-faint", "text-failed", "text-done", "text-needs", "text-working", "text-parked", "text-accent", "text-ink"];
// Sequences that begin with ESC or a C1 control: CSI, OSC and other strings up to their end, and two-letter ones.
const SEQUENCE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
  /(?:\u001b\[|\u009b)([0-?]*)[ -/]*([@-~])|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c|$)|\u001b[ -/]*[0-~]?/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it drops
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

/** A progress bar draws over its line: what stays is what was drawn last. */
function overdraw(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .split("\n")
    .map((line) => line.slice(line.replace(/\r+$/, "").lastIndexOf("\r") + 1).replaceAll("\r", ""))
    .join("\n");
}

export function ansi(input: string): Span[] {
  const text = overdraw(input);
  const spans: Span[] = [];
  let [colour, bold, dim] = ["", false, false];
  const push = (piece: string) => {
    const tame = piece.replace(CONTROL, "");
    if (tame === "") return;
    const className = [colour, bold ? "font-semibold" : "", dim && colour === "" ? "text-soft" : ""].filter(Boolean).join(" ");
    const before = spans.at(-1);
    if (before?.className === className) before.text += tame;
    else spans.push({ text: tame, className });
  };
  let from = 0;
  for (const found of text.matchAll(SEQUENCE)) {
    push(text.slice(from, found.index));
    from = found.index + found[0].length;
    if (found[2] !== "m") continue;
    const codes = (found[1] ?? "").split(/[;:]/).map(Number);
    for (let at = 0; at < codes.length; at += 1) {
      const code = codes[at] ?? 0;
      if (code === 0) [colour, bold, dim] = ["", false, false];
      else if (code === 1) bold = true;
      else if (code === 2) dim = true;
      else if (code === 22) [bold, dim] = [false, false];
      else if (code === 39) colour = "";
      else if (code >= 30 && code <= 37) colour = PALETTE[code - 30] ?? "";
      else if (code >= 90 && code <= 97) colour = PALETTE[code - 90] ?? "";
      // Colours outside the palette would break the contrast: their numbers are stepped over.
      else if (code === 38 || code === 48) at += codes[at + 1] === 5 ? 2 : 4;
    }
  }
  push(text.slice(from));
  return spans;
}
