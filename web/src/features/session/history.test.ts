import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { SessionEvent } from "@/api/event";
import { Fold } from "@/features/session/fold";
import { History, PIECE } from "@/features/session/history";
import type { Item } from "@/features/session/item";
import { type Piece, Seams } from "@/features/session/piece";
import { seqOf } from "@/features/session/rows";

type Loose = { type: string; turn?: string } & Record<string, unknown>;

/** Numbers that look like chance and are the same each time. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

const TOKENS = { input: 1, output: 2, cache_read: 3, cache_write: 4 };

/** A session in which everything happens: messages ahead of their turns, calls side by side, questions, pauses, words that are changed. */
function story(seed: number, turns: number): SessionEvent[] {
  const next = chance(seed);
  const all: Loose[] = [{ type: "session.opened", title: "t", agent: "a", branch: "b" }];
  let queued = 0;
  const queue = () => {
    queued += 1;
    all.push({ type: "message.queued", turn: `trn_${queued}`, message: `msg_${queued}`, text: `words ${queued}` });
  };
  for (let turn = 1; turn <= turns; turn += 1) {
    while (queued < turn + next(4)) queue();
    if (next(3) === 0) all.push({ type: "message.edited", message: `msg_${queued}`, text: `other words ${queued}` });
    const id = `trn_${turn}`;
    if (next(9) === 0) {
      all.push({
        type: "turn.ended",
        turn: id,
        outcome: "cancelled",
        reason: null,
        maybe_executed: false,
        attempts: 0,
        cost_usd: 0,
        tokens: TOKENS,
      });
      continue;
    }
    for (let attempt = 1; attempt === 1 || next(3) === 0; attempt += 1) {
      if (attempt > 1) all.push({ type: "turn.parked", turn: id, reason: "quota", until: null });
      all.push({ type: "turn.started", turn: id, attempt });
      const open: string[] = [];
      for (let step = next(25); step > 0; step -= 1) {
        const call = `c${all.length}`;
        const kind = next(7);
        if (kind === 0) all.push({ type: "agent.text", turn: id, text: `says ${all.length}` });
        else if (kind === 1)
          all.push({ type: "output", turn: id, stream: next(4) === 0 ? "stderr" : "stdout", text: `line ${all.length}` });
        else if (kind === 2 && open.length > 0) {
          const [ended] = open.splice(next(open.length), 1);
          all.push({ type: "tool.ended", turn: id, call: ended, ok: next(4) > 0, output: `out ${all.length}` });
        } else if (kind === 3) {
          all.push({ type: "approval.asked", turn: id, approval: `apr_${all.length}`, tool: "Bash", input: "{}", hash: "h" });
          all.push({ type: "agent.thought", turn: id, text: "hm" });
          all.push({
            type: "approval.answered",
            turn: id,
            approval: `apr_${all.length - 2}`,
            state: next(2) ? "approved" : "denied",
            reason: null,
          });
        } else {
          open.push(call);
          all.push({ type: "tool.called", turn: id, call, tool: next(2) ? "Read" : "Write", input: { file_path: `f${next(9)}` } });
        }
      }
      if (attempt === 4) break;
    }
    all.push({
      type: "turn.ended",
      turn: id,
      outcome: "succeeded",
      reason: null,
      maybe_executed: false,
      attempts: 1,
      cost_usd: 1,
      tokens: TOKENS,
    });
  }
  return all.map(
    (event, at) => ({ seq: at + 1, at: new Date(1_700_000_000_000 + at * 1_000).toISOString(), ...event }) as unknown as SessionEvent,
  );
}

/** What is seen of items, without what a boundary between pieces may change: how output is gathered, and which call a question is tied to. */
function seen(items: readonly Item[]): unknown[] {
  return items.flatMap((item): unknown[] => {
    if (item.kind === "hole") return [];
    if (item.kind === "output") return item.text.split("\n").map((text) => ({ text, errors: item.errors }));
    return [item.kind === "asked" ? { ...item, call: undefined } : item];
  });
}

function piece(events: SessionEvent[], from: number, to: number, seams: Seams): Piece {
  const fold = new Fold(from, seams);
  for (const event of events.slice(from, to)) fold.apply(event);
  return fold.cut();
}

describe("a history that is folded in pieces", () => {
  it("tells what one fold of all events tells, whichever piece is read first", () => {
    for (let seed = 1; seed <= 12; seed += 1) {
      const events = story(seed, 20);
      const whole = new Fold();
      for (const event of events) whole.apply(event);
      const next = chance(seed * 7);
      const cuts = [0];
      while ((cuts.at(-1) ?? 0) < events.length) cuts.push(Math.min(events.length, (cuts.at(-1) ?? 0) + 1 + next(40)));
      const spans = cuts.slice(1).map((to, at) => [cuts[at] ?? 0, to] as const);
      const middle = next(spans.length);
      const orders = {
        backward: spans.toReversed(),
        forward: spans,
        "from the middle": [...spans.slice(0, middle).toReversed(), ...spans.slice(middle)],
      };
      for (const [name, order] of Object.entries(orders)) {
        const seams = new Seams();
        const pieces = order.map(([from, to]) => piece(events, from, to, seams)).sort((one, other) => one.first - other.first);
        expect(seen(pieces.flatMap((one) => one.items)), `seed ${seed}, ${name}`).toEqual(seen(whole.items));
        expect(new Set(seams.files.keys()), `seed ${seed}, ${name}`).toEqual(new Set(whole.seams.files.keys()));
      }
    }
  });
});

/** A hub with these events; says how often and how many were read. */
function hub(events: SessionEvent[]) {
  const asked: [number, number][] = [];
  const read = async (after: number, limit: number) => {
    asked.push([after, limit]);
    return events.slice(after, after + limit);
  };
  return { asked, read };
}

function open(events: SessionEvent[]) {
  const { asked, read } = hub(events);
  const history = new History(Math.max(0, events.length - PIECE), read);
  for (const event of events.slice(-PIECE)) history.take(event);
  return { asked, history };
}

const says = (count: number) =>
  Array.from(
    { length: count },
    (_, at) => ({ seq: at + 1, at: "2026-11-21T09:00:00Z", type: "agent.text", text: `t${at + 1}` }) as SessionEvent,
  );
const first = (history: History) => seqOf(history.rows()[0] ?? { kind: "many", id: "", tool: "", items: [] });

describe("a history of 100,000 events", () => {
  it("folds each event once on the way back to its beginning, and holds a few thousand of them", async () => {
    const events = says(100_000);
    const { apply } = Fold.prototype;
    let applied = 0;
    // Counted by hand: a spy would keep each of the events.
    Fold.prototype.apply = function counted(event) {
      applied += 1;
      return apply.call(this, event);
    };
    onTestFinished(() => {
      Fold.prototype.apply = apply;
    });
    const { asked, history } = open(events);
    let most = 0;
    while (history.more) {
      history.looksAt(history.first + 1);
      await history.earlier();
      most = Math.max(most, history.rows().length);
    }
    expect(applied).toBe(100_000);
    expect(asked.reduce((sum, [, limit]) => sum + limit, 0)).toBe(100_000 - PIECE);
    expect(first(history)).toBe(1);
    expect(most).toBeLessThanOrEqual(10 * PIECE);
    expect(history.seams.size).toBeLessThan(100);
    expect(history.attached).toBe(false);
  });

  it("makes the lines of a piece once, however often the end changes", async () => {
    const { history } = open(says(5_000));
    await history.earlier();
    await history.earlier();
    const before = history.pieces.map((one) => one.rows());
    const rows = history.rows();
    expect(history.rows()).toBe(rows);
    history.take({ seq: 5_001, at: "2026-11-21T09:00:00Z", type: "agent.text", text: "new" });
    expect(history.rows()).not.toBe(rows);
    expect(history.rows().at(-2)).toBe(rows.at(-1));
    for (const [at, rowsOfPiece] of before.entries()) expect(history.pieces[at]?.rows()).toBe(rowsOfPiece);
  });

  it("shows a place in the middle, goes on in both directions without a hole, and back to the end", async () => {
    const events = says(100_000);
    const { asked, history } = open(events);
    expect(await history.goTo(50_000)).toBe(true);
    expect(history.attached).toBe(false);
    const at = history.rowAt(50_000);
    expect(seqOf(history.rows()[at] ?? fail())).toBe(50_000);
    await history.later();
    await history.earlier();
    const seqs = history.rows().map(seqOf);
    expect(seqs).toEqual(seqs.map((_, index) => (seqs[0] ?? 0) + index));
    expect(asked).toHaveLength(3);
    history.take({ seq: 100_001, at: "2026-11-21T09:00:00Z", type: "agent.text", text: "unseen" });
    expect(history.rows().at(-1)).not.toMatchObject({ item: { text: "unseen" } });
    history.toEnd();
    await vi.waitFor(() => expect(history.loading).toBeUndefined());
    expect(history.attached).toBe(true);
    expect(seqOf(history.rows().at(-1) ?? fail())).toBe(100_001);
  });

  it("meets its end again when one reads on from the middle", async () => {
    const { history } = open(says(4_000));
    await history.goTo(1_000);
    for (let rounds = 0; !history.attached && rounds < 20; rounds += 1) {
      history.looksAt(history.pieces.at(-1)?.last);
      await history.later();
    }
    expect(history.attached).toBe(true);
    const seqs = history.rows().map(seqOf);
    expect(seqs).toEqual(seqs.map((_, index) => (seqs[0] ?? 0) + index));
    expect(seqs.at(-1)).toBe(4_000);
  });

  it("bounds what comes in at the end, and keeps what is read", () => {
    const { history } = open(says(PIECE));
    const more = (from: number, to: number) => {
      for (const event of says(to).slice(from)) history.take(event);
    };
    more(PIECE, 20_000);
    expect(history.rows().length).toBeLessThanOrEqual(10 * PIECE);
    expect(seqOf(history.rows().at(-1) ?? fail())).toBe(20_000);
    const reader = history.first + 10;
    history.looksAt(reader);
    more(20_000, 40_000);
    expect(seqOf(history.rows()[history.rowAt(reader)] ?? fail())).toBe(reader);
    expect(history.rows().length).toBeLessThanOrEqual(10 * PIECE);
  });

  it("drops long texts sooner", async () => {
    const long = says(PIECE * 6).map((event) => ({ ...event, text: "x".repeat(20_000) }) as SessionEvent);
    const { history } = open(long);
    while (history.more) {
      history.looksAt(history.first + 1);
      await history.earlier();
    }
    expect(history.pieces).toHaveLength(2);
    expect(first(history)).toBe(1);
  });

  it("can be asked again after it could not be read", async () => {
    const history = new History(1_000, () => Promise.reject(new Error("away")));
    await history.earlier();
    expect([history.loading, history.first]).toEqual([undefined, 1_000]);
    expect(await history.goTo(5)).toBe(false);
    expect([history.loading, history.attached, history.first]).toEqual([undefined, true, 1_000]);
  });
});

function fail(): never {
  throw new Error("there is no such line");
}
