// A program's bytes as a terminal shows them. xterm.js reads them without a page of its own, and gives lines of letters with attributes: so
// output can paint letters and nothing more, no style is written into the page, and the lines are text that can be selected and read out.
import type { Terminal } from "@xterm/headless";
import { Terminal as Headless } from "@xterm/headless/lib-headless/xterm-headless.mjs";
import type { Span } from "@/ui/ansi";
import { PALETTE } from "@/ui/ansi";

/** Lines that are kept of what a program printed. */
const LINES_MAX = 20_000;
/** What a program may ask to have done at once: again, in or out of the lines, from stop to stop. Nobody's screen is longer, and a program that
 * asks for two thousand million would have them done, one by one. */
const TIMES_MAX = 500;
const REPEATING = [
  ...["b", "L", "M", "S", "T", "I", "Z", "@", "P", "X"].map((final) => ({ final })),
  ...["@", "A"].map((final) => ({ intermediates: " ", final })),
  ...["}", "~"].map((final) => ({ intermediates: "'", final })),
];

export class Screen {
  private terminal: Terminal;

  constructor(columns: number) {
    this.terminal = new Headless({
      cols: columns,
      rows: 24,
      scrollback: LINES_MAX,
      convertEol: true,
      allowProposedApi: true,
      logLevel: "off",
    });
    for (const sequence of REPEATING)
      this.terminal.parser.registerCsiHandler(sequence, (times) => times.flat().some((one) => one > TIMES_MAX));
  }

  /** Takes more bytes; done when they are on the lines. */
  write(bytes: Uint8Array | string): Promise<void> {
    return new Promise((done) => this.terminal.write(bytes, done));
  }

  resize(columns: number): void {
    if (columns !== this.terminal.cols) this.terminal.resize(columns, this.terminal.rows);
  }

  /** How many lines there are, up to the last that holds something. */
  get length(): number {
    const { active } = this.terminal.buffer;
    let length = active.length;
    while (length > 0 && length > active.baseY && active.getLine(length - 1)?.translateToString(true) === "") length -= 1;
    return length;
  }

  /** A line, in pieces of one look each. */
  line(at: number): Span[] {
    const { active } = this.terminal.buffer;
    const line = active.getLine(at);
    const spans: Span[] = [];
    if (line === undefined) return spans;
    let cell = active.getNullCell();
    for (let column = 0; column < line.length; column += 1) {
      cell = line.getCell(column, cell) ?? cell;
      // The second half of a wide letter.
      if (cell.getWidth() === 0) continue;
      const className = [
        cell.isFgPalette() ? (PALETTE[cell.getFgColor() % 8] ?? "") : "",
        cell.isBold() ? "font-semibold" : "",
        cell.isDim() ? "text-soft" : "",
        cell.isItalic() ? "italic" : "",
        cell.isUnderline() ? "underline" : "",
        cell.isInverse() ? "bg-raised" : "",
      ]
        .filter(Boolean)
        .join(" ");
      const text = cell.isInvisible() ? " " : cell.getChars() || " ";
      const before = spans.at(-1);
      if (before?.className === className) before.text += text;
      else spans.push({ text, className });
    }
    const last = spans.at(-1);
    if (last !== undefined && last.className === "") last.text = last.text.trimEnd();
    if (last?.text === "") spans.pop();
    return spans;
  }

  end(): void {
    this.terminal.dispose();
  }
}
