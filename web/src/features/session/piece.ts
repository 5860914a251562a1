// A transcript in pieces: each is folded from its own events alone, once, and may be dropped and read again. What begins in one piece and
// ends in another meets at the seams.
import type { Item } from "@/features/session/item";
import type { Step } from "@/features/session/plan";
import { type Row, rowsOf } from "@/features/session/rows";

/** Some events of a session that follow each other, as what a transcript shows of them. */
export class Piece {
  /** It holds what comes after this number. */
  readonly first: number;
  /** Up to this one. */
  last: number;
  readonly items: Item[] = [];
  /** Roughly how many characters it holds. */
  weight = 0;
  private made: Row[] | undefined;

  constructor(first: number) {
    this.first = first;
    this.last = first;
  }

  add(item: Item): number {
    this.made = undefined;
    return this.items.push(item) - 1;
  }

  change(place: number, changed: (item: Item) => Item): void {
    const item = this.items[place];
    if (item === undefined) return;
    const next = changed(item);
    if (next === item) return;
    this.items[place] = next;
    this.made = undefined;
  }

  /** Its lines of the screen, made again only after a change. */
  rows(): readonly Row[] {
    this.made ??= rowsOf(this.items);
    return this.made;
  }
}

/** How something that was left open is settled. Gives the item itself when it is none of its business. */
export type Settle = (item: Item) => Item;

type Open = { piece: Piece; place: number };
type End = { piece: Piece; settle: Settle };

/** What pieces leave open for each other, whichever of the two is read first; and what they tell together. */
export class Seams {
  /** Files that were written, each with the calls that did. */
  readonly files = new Map<string, Set<string>>();
  private open = new Map<string, Open[]>();
  private ends = new Map<string, End[]>();
  private begins = new Map<string, number>();
  private edits = new Map<string, { seq: number; text: string }>();
  private planned: { seq: number; steps: Step[] } | undefined;

  /** Something in a piece waits for what this key names. */
  opened(key: string, piece: Piece, place: number): void {
    for (const end of this.ends.get(key) ?? []) piece.change(place, end.settle);
    push(this.open, key, { piece, place });
  }

  /** A piece knows what others wait for. */
  ended(key: string, piece: Piece, settle: Settle): void {
    push(this.ends, key, { piece, settle });
    for (const { piece: other, place } of this.open.get(key) ?? []) other.change(place, settle);
  }

  /** A piece goes: it neither waits nor knows any more. What it has settled elsewhere stays. */
  drop(piece: Piece): void {
    without(this.open, piece);
    without(this.ends, piece);
  }

  /** A turn began here, perhaps not for the first time. */
  began(turn: string, seq: number): void {
    this.begins.set(turn, Math.min(seq, this.begins.get(turn) ?? seq));
  }

  /** Whether this is where a turn began first, as far as is known. */
  isFirst(turn: string, seq: number): boolean {
    return this.begins.get(turn) === seq;
  }

  edited(message: string, text: string, seq: number): void {
    if ((this.edits.get(message)?.seq ?? 0) < seq) this.edits.set(message, { seq, text });
  }

  /** A message's words as they were last. */
  wordsOf(message: string, text: string): string {
    return this.edits.get(message)?.text ?? text;
  }

  wrote(path: string, call: string): void {
    const calls = this.files.get(path);
    if (calls === undefined) this.files.set(path, new Set([call]));
    else calls.add(call);
  }

  plans(seq: number, steps: Step[] | undefined): void {
    if (steps !== undefined && seq > (this.planned?.seq ?? 0)) this.planned = { seq, steps };
  }

  /** The agent's plan as it was written down last. */
  get plan(): readonly Step[] {
    return this.planned?.steps ?? [];
  }

  /** What is waited for and known at the moment: a bound on what the seams take. */
  get size(): number {
    return this.open.size + this.ends.size;
  }
}

function push<T>(to: Map<string, T[]>, key: string, one: T): void {
  const same = to.get(key);
  if (same === undefined) to.set(key, [one]);
  else same.push(one);
}

function without<T extends { piece: Piece }>(from: Map<string, T[]>, piece: Piece): void {
  for (const [key, all] of from) {
    const rest = all.filter((one) => one.piece !== piece);
    if (rest.length === 0) from.delete(key);
    else if (rest.length < all.length) from.set(key, rest);
  }
}
