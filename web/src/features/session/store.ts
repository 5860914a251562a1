// One session on the screen: its fold, kept current by the live connection, and the way to what came before.
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { api, type Problem, take } from "@/api/client";
import type { SessionEvent } from "@/api/event";
import { link } from "@/api/live";
import { queuedMessages } from "@/api/message";
import { outbox } from "@/api/sending";
import { Fold } from "@/features/session/fold";
import { type Row, rowsOf } from "@/features/session/rows";

/** Events that a session opens with, and that are read at a time when one scrolls back. */
const WINDOW = 600;
const PAGE = 200;
/** Sessions that stay in memory, so that going back is at once. */
const KEPT = 8;

export class Transcript {
  fold: Fold;
  problem: Problem | undefined;
  loading = false;
  version = 0;
  private events: SessionEvent[] = [];
  private first: number;
  private rowsFor = -1;
  private rowsMade: Row[] = [];
  private listeners = new Set<() => void>();
  private leave: (() => void) | undefined;
  private frame = 0;
  readonly session: string;

  constructor(session: string, lastSeq: number, window = WINDOW) {
    this.session = session;
    this.first = Math.max(0, lastSeq - window);
    this.fold = new Fold(this.first);
    if (this.first > 0) void this.askQueue();
  }

  /** Whether there is more before what is shown. */
  get more(): boolean {
    return this.first > 0;
  }

  rows(): Row[] {
    if (this.rowsFor !== this.version) {
      this.rowsMade = rowsOf(this.fold.items);
      this.rowsFor = this.version;
    }
    return this.rowsMade;
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    this.leave ??= link.follow(this.session, {
      cursor: () => this.fold.seq,
      event: (event) => this.take(event),
      delta: (delta) => {
        this.fold.type(delta);
        this.changed();
      },
      problem: (problem) => {
        this.problem = problem;
        this.changed();
      },
    });
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size > 0) return;
      this.leave?.();
      this.leave = undefined;
    };
  }

  private take(event: SessionEvent): void {
    if (!this.fold.apply(event)) return;
    this.events.push(event);
    if (event.type === "message.queued" || event.type === "message.steered") outbox.seen(event.message);
    this.changed();
  }

  /** Reads what came before; several pages at once, because the number of each is known. */
  async earlier(): Promise<void> {
    if (this.loading || this.first === 0) return;
    this.loading = true;
    this.changed();
    const from = Math.max(0, this.first - WINDOW);
    const starts = Array.from({ length: Math.ceil((this.first - from) / PAGE) }, (_, page) => from + page * PAGE);
    try {
      const pages = await Promise.all(starts.map((after) => this.page(after, Math.min(PAGE, this.first - after))));
      this.events = [...pages.flat(), ...this.events];
      this.first = from;
      this.refold();
    } catch {
      // The line at the top stays and can be pressed again.
    } finally {
      this.loading = false;
      this.changed();
    }
  }

  private async page(after: number, limit: number): Promise<SessionEvent[]> {
    const path = { id: this.session };
    const page = await take(api.GET("/api/v1/sessions/{id}/events", { params: { path, query: { after, limit } } }));
    if (typeof page === "string") throw new Error("a stream where a page was asked for");
    return page.items as unknown as SessionEvent[];
  }

  private refold(): void {
    const fold = new Fold(this.first);
    for (const event of this.events) fold.apply(event);
    fold.typing = this.fold.typing;
    fold.knows(this.fold.queue.filter((one) => !fold.messages.has(one.message)));
    this.fold = fold;
  }

  private async askQueue(): Promise<void> {
    try {
      const waiting = await queuedMessages(this.session);
      this.fold.knows(
        waiting.map((one) => ({
          message: one.id,
          turn: one.turn.id,
          text: one.text,
          at: Date.parse(one.created_at),
          not_before: one.not_before == null ? undefined : Date.parse(one.not_before),
          parked: undefined,
        })),
      );
      this.changed();
    } catch {
      // The hint after the next reconnect asks again through a new transcript.
    }
  }

  /** Draws at most once per frame; a hidden page has no frames, and needs none. */
  private changed(): void {
    if (this.frame !== 0) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.version += 1;
      for (const listener of this.listeners) listener();
    });
  }
}

const kept = new Map<string, Transcript>();

function transcriptOf(session: string, lastSeq: number, window: number): Transcript {
  const key = `${session} ${window}`;
  const known = kept.get(key);
  const transcript = known ?? new Transcript(session, lastSeq, window);
  kept.delete(key);
  kept.set(key, transcript);
  for (const old of kept.keys()) {
    if (kept.size <= KEPT + 24) break;
    kept.delete(old);
  }
  return transcript;
}

/** Follows a session while it is on the screen. `lastSeq` is where it stood when it was opened. */
export function useTranscript(session: string, lastSeq: number, window = WINDOW): Transcript {
  // Only where it stood first counts: a later number must not begin anew.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  const transcript = useMemo(() => transcriptOf(session, lastSeq, window), [session, window]);
  useSyncExternalStore(
    useMemo(() => (listener: () => void) => transcript.onChange(listener), [transcript]),
    () => transcript.version,
  );
  useEffect(() => {
    for (const message of transcript.fold.messages) outbox.seen(message);
  }, [transcript]);
  return transcript;
}
