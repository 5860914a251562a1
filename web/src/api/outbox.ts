// What was typed and is not at the hub yet. Kept on the device with one idempotency key each, so that a message typed in a tunnel arrives
// once: it is sent until the hub says 201 or refuses it, also after a reload.
//
// Invariant: a parcel lies on the device before it is sent, and leaves it only when the hub has it or a person discards it. Where the hub could
// no longer know that it had it before (its key is forgotten, or somebody signed in anew), it is not sent without a person's word.
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
  /** It waits for a person's word. */
  held?: boolean;
};

export type Sender = (parcel: Parcel) => Promise<{ id: string }>;
/** Where parcels lie. */
export type Shelf = { all: () => Promise<Parcel[]>; put: (parcel: Parcel) => Promise<void>; drop: (key: string) => Promise<void> };

/** More than anybody types in a tunnel. */
export const PARCELS_MAX = 200;
/** The hub keeps what it answered for 24 hours (crates/domain/src/limits.rs, IDEMPOTENCY_HOURS); one of them is for clocks that differ. */
export const KEY_MS = 23 * 60 * 60 * 1000;

export class Outbox {
  private parcels: readonly Parcel[] = [];
  private listeners = new Set<() => void>();
  private busy = new Set<string>();
  /** Keys of what lies on the device as it is here. */
  private safe = new Set<string>();
  private tries = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly send: Sender;
  private readonly shelf: Shelf;
  /** Comes back when what lay on the device is in the box. */
  readonly opened: Promise<void>;

  constructor(send: Sender, shelf: Shelf) {
    this.send = send;
    this.shelf = shelf;
    this.opened = this.open();
  }

  private async open(): Promise<void> {
    const kept = await this.shelf.all().catch(() => []);
    const known = new Set(this.parcels.map((parcel) => parcel.key));
    const found = kept.filter((parcel) => typeof parcel?.text === "string" && !known.has(parcel.key));
    for (const parcel of found) this.safe.add(parcel.key);
    this.change([...found, ...this.parcels].sort((one, other) => one.at - other.at));
    void this.flush();
  }

  all(): readonly Parcel[] {
    return this.parcels;
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Puts a text in and begins to send it. What it gives comes back when the text is safe on the device; nothing when the box is full. */
  put(parcel: Pick<Parcel, "session" | "kind" | "text" | "not_before">): Promise<void> | undefined {
    if (this.parcels.length >= PARCELS_MAX) return undefined;
    const newest = this.parcels.at(-1)?.at ?? 0;
    const made = { ...parcel, key: freshKey(), at: Math.max(Date.now(), newest + 1) };
    // Shown at once, sent when it is kept.
    const kept = this.keep(made);
    this.change([...this.parcels, made]);
    return kept.then(() => void this.flush());
  }

  /** A device that keeps nothing still sends; it only forgets with the page. */
  private async keep(parcel: Parcel): Promise<void> {
    await this.shelf.put(parcel).then(
      () => this.safe.add(parcel.key),
      () => {},
    );
  }

  /** Tries what waits, session by session, each in its order. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    await Promise.all([...new Set(this.parcels.map((parcel) => parcel.session))].map((session) => this.drain(session)));
  }

  /** The way to the hub is back: what waits is tried without delay. */
  async again(): Promise<void> {
    this.tries = 0;
    await this.flush();
  }

  private async drain(session: string): Promise<void> {
    if (this.busy.has(session)) return;
    this.busy.add(session);
    try {
      for (let next = this.next(session); next !== undefined; next = this.next(session)) {
        if (Date.now() - next.at > KEY_MS) {
          await this.update(next.key, { held: true });
          continue;
        }
        const { key } = next;
        // Whoever flushes before it is kept waits for it too.
        if (!this.safe.has(key)) await this.keep(next);
        try {
          const { id } = await this.send(next);
          this.tries = 0;
          await this.update(key, { made: id });
        } catch (error) {
          if (!(error instanceof Failure) || error.passing || error.status === 401) return this.later();
          await this.update(key, { refused: error.problem as Problem });
        }
      }
    } finally {
      this.busy.delete(session);
    }
  }

  /** A refused one holds nothing up behind it. */
  private next(session: string): Parcel | undefined {
    const waits = ({ made, refused, held }: Parcel) => made === undefined && refused === undefined && held !== true;
    return this.parcels.find((parcel) => parcel.session === session && waits(parcel));
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
    void this.shelf.drop(key).catch(() => {});
  }

  /** Sends a refused or held one again, as a new sending. */
  retry(key: string): void {
    const old = this.parcels.find((parcel) => parcel.key === key);
    if (old === undefined) return;
    const { refused: _refused, held: _held, ...rest } = old;
    const again = { ...rest, key: freshKey(), at: Math.max(Date.now(), old.at) };
    const kept = this.keep(again).then(() => this.shelf.drop(key).catch(() => {}));
    this.change(this.parcels.map((parcel) => (parcel.key === key ? again : parcel)));
    void kept.then(() => this.flush());
  }

  /** Somebody signs in: what waits was perhaps sent before under another credential, or typed by another person. */
  async hold(): Promise<void> {
    await this.opened;
    for (const parcel of this.parcels)
      if (parcel.made === undefined && parcel.refused === undefined) await this.update(parcel.key, { held: true });
  }

  /** The person signs out: nothing that was typed stays. */
  clear(): void {
    for (const { key } of this.parcels) this.discard(key);
  }

  private async update(key: string, more: Partial<Parcel>): Promise<void> {
    this.change(this.parcels.map((parcel) => (parcel.key === key ? { ...parcel, ...more } : parcel)));
    const changed = this.parcels.find((parcel) => parcel.key === key);
    // What the hub has is not ours to keep.
    if (changed === undefined || changed.made !== undefined) await this.shelf.drop(key).catch(() => {});
    else await this.keep(changed);
  }

  private change(next: readonly Parcel[]): void {
    this.parcels = next;
    for (const listener of this.listeners) listener();
  }
}
