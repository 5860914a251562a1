// What was typed and is not at the hub yet. Kept on the device with one idempotency key each, so that a message typed in a tunnel arrives
// once: it is sent until the hub says 201 or refuses it, also after a reload.
import { backoff } from "@/api/backoff";
import { Failure, freshKey, type Problem } from "@/api/client";

export type Parcel = {
  key: string;
  session: string;
  kind: "message" | "steer";
  text: string;
  not_before?: string;
  at: number;
  /** The message that the hub made of it. It stays until its event was seen. */
  made?: string;
  refused?: Problem;
};

export type Sender = (parcel: Parcel) => Promise<{ id: string }>;
type Shelf = Pick<Storage, "getItem" | "setItem">;

const SHELF = "fugue.outbox";
/** More than anybody types in a tunnel. */
export const PARCELS_MAX = 200;

export class Outbox {
  private parcels: readonly Parcel[];
  private listeners = new Set<() => void>();
  private busy = new Set<string>();
  private tries = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly send: Sender;
  private readonly shelf: Shelf;

  constructor(send: Sender, shelf: Shelf) {
    this.send = send;
    this.shelf = shelf;
    this.parcels = read(shelf);
  }

  all(): readonly Parcel[] {
    return this.parcels;
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Puts a text in and begins to send it. False when the box is full. */
  put(parcel: Pick<Parcel, "session" | "kind" | "text" | "not_before">): boolean {
    if (this.parcels.length >= PARCELS_MAX) return false;
    this.change([...this.parcels, { ...parcel, key: freshKey(), at: Date.now() }]);
    void this.flush();
    return true;
  }

  /** Tries what waits, session by session, each in its order. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    await Promise.all([...new Set(this.parcels.map((parcel) => parcel.session))].map((session) => this.drain(session)));
  }

  private async drain(session: string): Promise<void> {
    if (this.busy.has(session)) return;
    this.busy.add(session);
    try {
      for (let next = this.next(session); next !== undefined; next = this.next(session)) {
        const { key } = next;
        try {
          const made = (await this.send(next)).id;
          this.tries = 0;
          this.update(key, { made });
        } catch (error) {
          if (!(error instanceof Failure) || error.passing || error.status === 401) return this.later();
          this.update(key, { refused: error.problem as Problem });
        }
      }
    } finally {
      this.busy.delete(session);
    }
  }

  /** A refused one holds nothing up behind it. */
  private next(session: string): Parcel | undefined {
    return this.parcels.find((parcel) => parcel.session === session && parcel.made === undefined && parcel.refused === undefined);
  }

  private later(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.flush(), backoff(this.tries));
    this.tries += 1;
  }

  /** The event of this message was seen: the transcript shows it from here on. */
  seen(message: string): void {
    if (this.parcels.some((parcel) => parcel.made === message)) this.change(this.parcels.filter((parcel) => parcel.made !== message));
  }

  discard(key: string): void {
    this.change(this.parcels.filter((parcel) => parcel.key !== key));
  }

  /** Sends a refused one again, as a new sending. */
  retry(key: string): void {
    this.change(this.parcels.map((parcel) => (parcel.key === key ? strip({ ...parcel, key: freshKey() }) : parcel)));
    void this.flush();
  }

  private update(key: string, more: Partial<Parcel>): void {
    this.change(this.parcels.map((parcel) => (parcel.key === key ? { ...parcel, ...more } : parcel)));
  }

  private change(next: readonly Parcel[]): void {
    this.parcels = next;
    // What the hub has is not ours to keep.
    this.shelf.setItem(SHELF, JSON.stringify(next.filter((parcel) => parcel.made === undefined)));
    for (const listener of this.listeners) listener();
  }
}

function strip({ refused: _, ...parcel }: Parcel): Parcel {
  return parcel;
}

function read(shelf: Shelf): Parcel[] {
  try {
    const kept: unknown = JSON.parse(shelf.getItem(SHELF) ?? "[]");
    return Array.isArray(kept)
      ? (kept as Parcel[]).filter((parcel) => typeof parcel?.key === "string" && typeof parcel.text === "string")
      : [];
  } catch {
    return [];
  }
}
