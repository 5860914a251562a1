// Spells out what nobody sees in a text, or what looks like something else. The hub says the same about the same characters
// (crates/domain/src/approval.rs); here they become parts, so that they can be shown as marks with names.

export type Part = { kind: "plain"; text: string } | { kind: "odd"; code: string; name: string };

const NAMES: Record<number, string> = {
  7: "BELL",
  8: "BACKSPACE",
  13: "CARRIAGE RETURN",
  27: "ESCAPE",
  127: "DELETE",
  160: "NO-BREAK SPACE",
  173: "SOFT HYPHEN",
  8203: "ZERO WIDTH SPACE",
  8204: "ZERO WIDTH NON-JOINER",
  8205: "ZERO WIDTH JOINER",
  8206: "LEFT-TO-RIGHT MARK",
  8207: "RIGHT-TO-LEFT MARK",
  8234: "LEFT-TO-RIGHT EMBEDDING",
  8235: "RIGHT-TO-LEFT EMBEDDING",
  8237: "LEFT-TO-RIGHT OVERRIDE",
  8238: "RIGHT-TO-LEFT OVERRIDE",
  8294: "LEFT-TO-RIGHT ISOLATE",
  8295: "RIGHT-TO-LEFT ISOLATE",
  8297: "POP DIRECTIONAL ISOLATE",
  12288: "IDEOGRAPHIC SPACE",
  65279: "BYTE ORDER MARK",
};

/** Classes of characters that nobody sees: controls, formats, separators, private and unassigned ones. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/u;

type Ranges = readonly (readonly [number, number])[];

/** Unusual spaces, fillers, variation selectors, and accents of their own: two texts that look the same and are other bytes. */
const HIDDEN: Ranges = [
  [0xa0, 0xa0],
  [0x300, 0x36f],
  [0x115f, 0x1160],
  [0x1680, 0x1680],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x2000, 0x200f],
  [0x2028, 0x202f],
  [0x205f, 0x206f],
  [0x2800, 0x2800],
  [0x3000, 0x3000],
  [0x3164, 0x3164],
  [0xfe00, 0xfe0f],
  [0xffa0, 0xffa0],
  [0xfff0, 0xfffb],
  [0xe0000, 0xe0fff],
];
/** Full-width and mathematical forms of ASCII letters, digits and signs. */
const TWINS: Ranges = [
  [0xff01, 0xff5e],
  [0x1d400, 0x1d7ff],
  [0x2044, 0x2044],
  [0x2215, 0x2215],
  [0x2024, 0x2024],
  [0x2010, 0x2012],
  [0x2212, 0x2212],
  [0x37e, 0x37e],
];
/** Letters of scripts that have twins of ASCII letters: beside those, they are there to be mistaken. */
const FOREIGN: Ranges = [
  [0x370, 0x3ff],
  [0x400, 0x52f],
  [0x530, 0x58f],
  [0x13a0, 0x13ff],
  [0x131, 0x131],
  [0x17f, 0x17f],
  [0x1c80, 0x1c8f],
];

function within(point: number, ranges: Ranges): boolean {
  return ranges.some(([first, last]) => first <= point && point <= last);
}

/** The text in parts. Line breaks and tabs are plain. */
export function spell(text: string): Part[] {
  const parts: Part[] = [];
  let plain = "";
  for (const word of text.split(/(?<=[^\p{L}\p{N}])/u)) {
    const latin = /[a-z]/i.test(word);
    for (const letter of word) {
      const point = letter.codePointAt(0) ?? 0;
      const hidden = letter !== "\n" && letter !== "\t" && (UNSEEN.test(letter) || within(point, HIDDEN));
      if (!hidden && !within(point, TWINS) && !(latin && within(point, FOREIGN))) {
        plain += letter;
        continue;
      }
      if (plain !== "") parts.push({ kind: "plain", text: plain });
      plain = "";
      const code = point.toString(16).toUpperCase().padStart(4, "0");
      parts.push({ kind: "odd", code: `U+${code}`, name: NAMES[point] ?? (hidden ? "INVISIBLE" : "LOOK-ALIKE") });
    }
  }
  if (plain !== "") parts.push({ kind: "plain", text: plain });
  return parts;
}
