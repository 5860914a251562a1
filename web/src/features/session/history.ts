// What is held of a session's history: the end, which grows, and pieces around the place that is read. Each event is folded once when it is
// read; what is far from the reader is dropped, and read again when somebody goes there.
//
// Invariant: the pieces follow each other without a hole. Where they meet the end they are one with it (`attached`); otherwise the end is
// not shown, and grows out of sight.
import type { SessionEvent } from "@/api/event";
import { Fold } from "@/features/session/fold";
import { type Piece, Seams } from "@/features/session/piece";
import { type Row, rowAt } from "@/features/session/rows";

/** Events of one piece. */
export const PIECE = 600;
/** Pieces that are held, besides the end. */
const PIECES_MAX = 8;
/** Characters that they may hold together, if there are at least two of them. */
const WEIGHT_MAX = 16_000_000;

/** Reads events: those after a number, so many. */
export type Read = (after: number, limit: number) => Promise<SessionEvent[]>;

export class History {
  fold: Fold;
  seams = new Seams();
  pieces: Piece[] = [];
  /** Whether the pieces reach up to the end. */
  attached = true;
  /** What is being read at the moment. */
  loading: "earlier" | "later" | "place" | undefined;
  /** The number of the event that the reader looks at; nothing while they are at the end. */
  private place: number | undefined;
  private made: { of: (readonly Row[])[]; rows: readonly Row[] } | undefined;
  /** Grows when the pieces are others altogether, so that an answer to an older question is not taken for ours. */
  private round = 0;
  private readonly read: Read;

  constructor(after: number, read: Read) {
    this.fold = new Fold(after, this.seams);
    this.read = read;
  }

  /** The number after which everything up to the last piece is held. */
  get first(): number {
    return this.pieces[0]?.first ?? this.fold.piece.first;
  }

  /** Whether there is more before what is held. */
  get more(): boolean {
    return this.first > 0;
  }

  /** Takes an event of the end. False when it was there. */
  take(event: SessionEvent): boolean {
    if (!this.fold.apply(event)) return false;
    if (this.fold.piece.last - this.fold.piece.first >= PIECE) {
      const piece = this.fold.cut();
      if (this.attached) this.pieces.push(piece);
      else this.seams.drop(piece);
      this.trim();
    }
    return true;
  }

  /** The lines of the screen; the same object until one of them changes. */
  rows(): readonly Row[] {
    const of = this.pieces.map((piece) => piece.rows());
    if (this.attached) of.push(this.fold.piece.rows());
    const before = this.made;
    if (before !== undefined && before.of.length === of.length && before.of.every((rows, at) => rows === of[at])) return before.rows;
    const rows = of.flat();
    this.made = { of, rows };
    return rows;
  }

  /** Where the reader is, unless they are at the end. */
  get reader(): number | undefined {
    return this.place;
  }

  /** Where the reader is; what is far from there may go. */
  looksAt(seq: number | undefined): void {
    this.place = seq;
  }

  /** Reads what comes before. */
  async earlier(): Promise<void> {
    const { first } = this;
    if (this.loading !== undefined || first === 0) return;
    const from = Math.max(0, first - PIECE);
    await this.reading("earlier", async () => {
      const piece = await this.piece(from, first);
      return () => this.pieces.unshift(this.joined(piece));
    });
  }

  /** Reads what comes after, up to the end. */
  async later(): Promise<void> {
    const last = this.pieces.at(-1)?.last;
    if (this.loading !== undefined || this.attached || last === undefined) return;
    await this.reading("later", async () => {
      const end = this.fold.piece.first;
      const piece = last < end ? await this.piece(last, Math.min(end, last + PIECE)) : undefined;
      return () => {
        if (piece !== undefined) this.pieces.push(this.joined(piece));
        this.attached = (this.pieces.at(-1)?.last ?? 0) >= this.fold.piece.first;
      };
    });
  }

  /** Reads what stands around an event, unless it is held. False when it cannot be read. */
  async goTo(seq: number): Promise<boolean> {
    const end = this.fold.piece.first;
    const held = seq > this.first && (this.attached || seq <= (this.pieces.at(-1)?.last ?? 0));
    this.place = seq;
    if (held) return true;
    this.round += 1;
    this.loading = undefined;
    const from = Math.max(0, Math.min(seq, end) - PIECE / 2);
    return this.reading("place", async () => {
      const piece = await this.piece(from, Math.min(end, from + PIECE));
      return () => {
        this.forget();
        this.pieces = [this.joined(piece)];
        this.attached = piece.at(-1)?.seq === this.fold.piece.first;
      };
    });
  }

  /** Goes back to the end. What lies between is forgotten. */
  toEnd(): void {
    this.place = undefined;
    if (this.attached) return;
    this.round += 1;
    this.loading = undefined;
    this.forget();
    this.attached = true;
    void this.earlier();
  }

  /** Nobody looks: what stands before the end is let go, but for what a screen begins with. */
  rest(): void {
    this.place = undefined;
    this.round += 1;
    this.loading = undefined;
    const kept = this.attached ? this.pieces.splice(-1) : [];
    this.forget();
    this.pieces = kept;
    this.attached = true;
  }

  /** The line that shows an event. -1 when it is not held. */
  rowAt(seq: number): number {
    return rowAt(this.rows(), seq);
  }

  private forget(): void {
    for (const piece of this.pieces) this.seams.drop(piece);
    this.pieces = [];
  }

  private async reading(what: NonNullable<History["loading"]>, read: () => Promise<() => void>): Promise<boolean> {
    const { round } = this;
    this.loading = what;
    try {
      const take = await read();
      if (round !== this.round) return false;
      take();
      this.trim();
      return true;
    } catch {
      // The button stays, and can be pressed again.
      return false;
    } finally {
      if (round === this.round) this.loading = undefined;
    }
  }

  private async piece(after: number, last: number): Promise<SessionEvent[]> {
    return last <= after ? [] : this.read(after, last - after);
  }

  private joined(events: SessionEvent[]): Piece {
    const fold = new Fold((events[0]?.seq ?? this.first + 1) - 1, this.seams);
    for (const event of events) fold.apply(event);
    return fold.cut();
  }

  /** Drops what is farthest from the reader, while too much is held. */
  private trim(): void {
    const held = () => this.pieces.reduce((sum, piece) => sum + piece.weight, 0);
    while (this.pieces.length > PIECES_MAX || (this.pieces.length > 2 && held() > WEIGHT_MAX)) {
      const [first, last] = [this.pieces[0], this.pieces.at(-1)];
      if (first === undefined || last === undefined) return;
      const below = this.place !== undefined && last.last - this.place > this.place - first.first;
      const gone = below ? this.pieces.pop() : this.pieces.shift();
      if (below) this.attached = false;
      if (gone !== undefined) this.seams.drop(gone);
    }
  }
}
