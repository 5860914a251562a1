// One session on the screen: its history, kept current by the live connection, and drawn at most once per frame.
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { api, type Problem, take } from "@/api/client";
import type { SessionEvent } from "@/api/event";
import { link } from "@/api/live";
import { queuedMessages } from "@/api/message";
import { outbox } from "@/api/sending";
import type { Fold } from "@/features/session/fold";
import { History, PIECE } from "@/features/session/history";
import type { Row } from "@/features/session/rows";

/** Events that the hub gives at a time. */
const PAGE = 200;
/** Sessions that stay in memory, so that going back is at once. */
const KEPT = 8;

/** A place that somebody wants to see. `count` tells two wishes for one place apart. */
export type Place = { seq: number; count: number };

export class Transcript {
  readonly session: string;
  readonly history: History;
  problem: Problem | undefined;
  version = 0;
  /** The place to be shown as soon as it is there. */
  wanted: Place | undefined;
  /** The line that somebody was brought to. */
  lit: string | undefined;
  private listeners = new Set<() => void>();
  private leave: (() => void) | undefined;
  private frame = 0;

  constructor(session: string, lastSeq: number, window = PIECE) {
    this.session = session;
    this.history = new History(Math.max(0, lastSeq - window), (after, limit) => pages(session, after, limit));
    if (this.history.more) void this.askQueue();
  }

  get isFollowed(): boolean {
    return this.leave !== undefined;
  }

  get fold(): Fold {
    return this.history.fold;
  }

  rows(): readonly Row[] {
    return this.history.rows();
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
      this.history.rest();
      [this.wanted, this.lit] = [undefined, undefined];
    };
  }

  /** Reads what came before what is shown. */
  earlier(): Promise<void> {
    return this.telling(this.history.earlier());
  }

  /** Reads what comes after what is shown, where that is not the end. */
  later(): Promise<void> {
    return this.telling(this.history.later());
  }

  /** Shows an event, wherever it stands. */
  goTo(seq: number): void {
    const place = { seq, count: (this.wanted?.count ?? 0) + 1 };
    this.wanted = place;
    void this.telling(
      this.history.goTo(seq).then((there) => {
        if (!there && this.wanted === place) this.wanted = undefined;
      }),
    );
  }

  /** The wanted place is on the screen, in this line. */
  arrived(line: string | undefined): void {
    this.wanted = undefined;
    this.lit = line;
    this.changed();
  }

  toEnd(): void {
    this.wanted = undefined;
    this.lit = undefined;
    this.history.toEnd();
    void this.telling(Promise.resolve());
  }

  private async telling<T>(done: Promise<T>): Promise<void> {
    this.changed();
    await done;
    this.changed();
  }

  private take(event: SessionEvent): void {
    if (!this.history.take(event)) return;
    if (event.type === "message.queued" || event.type === "message.steered") outbox.seen(event.message);
    this.changed();
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

/** Events of a session; several pages at once, because the number of each is known. */
async function pages(session: string, after: number, limit: number): Promise<SessionEvent[]> {
  const starts = Array.from({ length: Math.ceil(limit / PAGE) }, (_, page) => page * PAGE);
  const read = await Promise.all(
    starts.map(async (start) => {
      const query = { after: after + start, limit: Math.min(PAGE, limit - start) };
      const page = await take(api.GET("/api/v1/sessions/{id}/events", { params: { path: { id: session }, query } }));
      if (typeof page === "string") throw new Error("a stream where a page was asked for");
      return page.items as unknown as SessionEvent[];
    }),
  );
  return read.flat();
}

const kept = new Map<string, Transcript>();

function transcriptOf(session: string, lastSeq: number, window: number): Transcript {
  const key = `${session} ${window}`;
  const before = kept.get(key);
  // What has fallen far behind is read anew from its end instead of being caught up with.
  const known = before !== undefined && (before.isFollowed || lastSeq - before.fold.seq < window) ? before : undefined;
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
export function useTranscript(session: string, lastSeq: number, window = PIECE): Transcript {
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
