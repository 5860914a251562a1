// The raw output of a session on the screen: pages of frames, what a terminal makes of them, and what is new, asked for while one looks.
import type { Failure } from "@/api/client";
import { bytesOf, type RawFrame, type RawPage, readRaw } from "@/api/raw";
import { Screen } from "@/features/session/screen";
import { bytes, clockSeconds } from "@/text/format";
import { m } from "@/text/gen/messages.js";

/** Between two looks for more. */
const AGAIN_MS = 1_000;
/** Pages that are held. Who goes further back leaves the end. */
const PAGES_MAX = 12;

export type Standing = {
  screen: Screen | undefined;
  lines: number;
  earlier: boolean;
  busy: boolean;
  follows: boolean;
  failure: Failure | undefined;
};

export class Spool {
  private pages: RawPage[] = [];
  private screen: Screen | undefined;
  private standing: Standing = { screen: undefined, lines: 0, earlier: false, busy: true, follows: true, failure: undefined };
  private listeners = new Set<() => void>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private over = false;
  private columns: number;
  /** What is being done; the next thing waits for it, so that the lines come in their order. */
  private doing: Promise<void> = Promise.resolve();
  private readonly session: string;
  private readonly read: typeof readRaw;
  private readonly again: number;

  constructor(session: string, columns: number, read = readRaw, again = AGAIN_MS) {
    this.session = session;
    this.columns = columns;
    this.read = read;
    this.again = again;
  }

  now = (): Standing => this.standing;

  onChange = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  begin(): void {
    this.over = false;
    void this.look();
  }

  end(): void {
    this.over = true;
    clearTimeout(this.timer);
  }

  resize(columns: number): void {
    this.columns = columns;
    this.screen?.resize(columns);
    this.tell({});
  }

  /** Reads the end, or what came after the last page. */
  look(): Promise<void> {
    clearTimeout(this.timer);
    this.doing = this.doing.then(() => this.forward());
    return this.doing;
  }

  /** Reads what came before. */
  back(): Promise<void> {
    this.doing = this.doing.then(() => this.backward());
    return this.doing;
  }

  private async forward(): Promise<void> {
    if (this.over) return;
    try {
      const last = this.pages.at(-1);
      const page = await this.read(this.session, last === undefined ? undefined : { after: last.later });
      if (this.over) return;
      if (last === undefined) await this.show([page]);
      else if (page.items.length > 0) {
        last.items.push(...page.items);
        last.later = page.later;
        await this.print(page.items);
      }
      this.tell({ busy: false, failure: undefined });
      if (this.standing.follows) this.timer = setTimeout(() => void this.look(), page.more ? 0 : this.again);
    } catch (error) {
      this.tell({ busy: false, failure: error as Failure });
    }
  }

  private async backward(): Promise<void> {
    const before = this.pages[0]?.earlier;
    if (before == null || this.over) return;
    this.tell({ busy: true });
    try {
      const page = await this.read(this.session, { before });
      if (this.over) return;
      const pages = [page, ...this.pages];
      const kept = pages.slice(0, PAGES_MAX);
      if (kept.length < pages.length) this.tell({ follows: false });
      await this.show(kept);
      this.tell({ busy: false, failure: undefined });
    } catch (error) {
      this.tell({ busy: false, failure: error as Failure });
    }
  }

  private async show(pages: RawPage[]): Promise<void> {
    this.pages = pages;
    this.screen?.end();
    this.screen = new Screen(this.columns);
    await this.print(pages.flatMap((page) => page.items));
  }

  private async print(frames: readonly RawFrame[]): Promise<void> {
    for (const frame of frames) {
      const printed = frame.kind === "stdout" || frame.kind === "stderr";
      await this.screen?.write(printed ? bytesOf(frame) : told(frame));
      if (frame.missing > 0) await this.screen?.write(note(m.raw_missing({ size: bytes(frame.missing) })));
    }
  }

  private tell(more: Partial<Standing>): void {
    const earlier = this.pages[0]?.earlier != null;
    this.standing = { ...this.standing, screen: this.screen, lines: this.screen?.length ?? 0, earlier, ...more };
    for (const listener of this.listeners) listener();
  }
}

/** Words of ours between a program's, on lines of their own. */
function note(text: string): string {
  return `\u001b[0m\r\n\u001b[2m── ${text}\u001b[22m\r\n`;
}

/** What happened to a program besides its printing, and what was sent to it, with every control spelled out. */
function told(frame: RawFrame): string {
  const word = {
    stdin: m.raw_input,
    told: m.raw_told,
    started: m.raw_started,
    not_started: m.raw_ended,
    stop: m.raw_stopped,
    exit: m.raw_ended,
    stdout: m.raw_output,
    stderr: m.raw_output,
  }[frame.kind]();
  const text = new TextDecoder().decode(bytesOf(frame)).trimEnd();
  const plain = Array.from(text, (letter) => (/[\p{Cc}]/u.test(letter) && !/[\t\n]/.test(letter) ? spelled(letter) : letter)).join("");
  return `${note(`${clockSeconds(Date.parse(frame.at))} ${word}`)}\u001b[2m${plain}\u001b[22m\r\n`;
}

function spelled(letter: string): string {
  return `\\x${letter.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
