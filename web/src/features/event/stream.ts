// The events of all sessions as this page has them: read from the head again whenever something happened, further back when wanted.
//
// Invariant: what is shown has no hole. When more happened between two looks than one page holds, the list begins anew from the head.
import { type EventFilter, type EventPage, nameOf, readEvents, type Seen } from "@/api/across";
import type { Failure } from "@/api/client";

/** Between two looks at the head. */
const REST_MS = 700;
/** Events that a page keeps; the oldest are read again when somebody goes back to them. */
const KEPT_MAX = 3_000;

export type Standing = {
  items: readonly Seen[];
  /** The number of items that the last look at the head added. */
  added: number;
  more: boolean;
  reading: boolean;
  lookedBackTo: string | undefined;
  failure: Failure | undefined;
};

const EMPTY: Standing = { items: [], added: 0, more: true, reading: true, lookedBackTo: undefined, failure: undefined };

export class Stream {
  private standing = EMPTY;
  private cursor: string | undefined;
  private listeners = new Set<() => void>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private looking = false;
  private wanted = false;
  private over = false;
  private readonly filter: EventFilter;
  private readonly read: (filter: EventFilter, cursor?: string) => Promise<EventPage>;

  constructor(filter: EventFilter, read = readEvents) {
    this.filter = filter;
    this.read = read;
  }

  now = (): Standing => this.standing;

  onChange = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  end(): void {
    this.over = true;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  begin(): void {
    this.over = false;
    void this.look();
  }

  /** Something happened somewhere. */
  hint(): void {
    this.wanted = true;
    if (this.looking || this.timer !== undefined || this.over) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.look();
    }, REST_MS);
  }

  /** Reads the head, and puts before the list what is new. */
  private async look(): Promise<void> {
    this.looking = true;
    this.wanted = false;
    try {
      const page = await this.read(this.filter);
      if (this.over) return;
      const known = new Set(this.standing.items.map(nameOf));
      const fresh = page.items.filter((one) => !known.has(nameOf(one)));
      const meets = fresh.length < page.items.length || page.next_cursor == null || this.standing.items.length === 0;
      if (this.standing.items.length === 0 || !meets) {
        this.cursor = page.next_cursor ?? undefined;
        this.become({ items: page.items, added: 0, more: this.cursor !== undefined, lookedBackTo: page.looked_back_to ?? undefined });
      } else {
        const items = [...fresh, ...this.standing.items];
        const kept = items.slice(0, KEPT_MAX);
        this.become({ items: kept, added: fresh.length, more: this.standing.more && kept.length === items.length });
      }
    } catch (error) {
      this.become({ failure: error as Failure });
    } finally {
      this.looking = false;
      if (this.wanted) this.hint();
    }
  }

  /** Reads further back. */
  async back(): Promise<void> {
    if (this.standing.reading || this.cursor === undefined) return;
    this.standing = { ...this.standing, reading: true };
    this.tell();
    try {
      const page = await this.read(this.filter, this.cursor);
      if (this.over) return;
      const known = new Set(this.standing.items.map(nameOf));
      this.cursor = page.next_cursor ?? undefined;
      this.become({
        items: [...this.standing.items, ...page.items.filter((one) => !known.has(nameOf(one)))],
        added: 0,
        more: this.cursor !== undefined,
        lookedBackTo: page.looked_back_to ?? undefined,
      });
    } catch (error) {
      this.become({ failure: error as Failure });
    }
  }

  private become(next: Partial<Standing>): void {
    this.standing = { ...this.standing, failure: undefined, reading: false, ...next };
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
