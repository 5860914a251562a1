import { describe, expect, it } from "vitest";
import type { SessionEvent } from "@/api/event";
import { Fold } from "@/features/session/fold";

const AT = "2026-11-21T09:00:00.000Z";
type Loose = { type: string; turn?: string } & Record<string, unknown>;

function fold(events: Loose[], after = 0): Fold {
  const made = new Fold(after);
  events.forEach((event, index) => {
    made.apply({ seq: after + index + 1, at: AT, ...event } as unknown as SessionEvent);
  });
  return made;
}

const queued = (n: number) => ({ type: "message.queued", turn: `trn_${n}`, message: `msg_${n}`, text: `m${n}` });
const started = (n: number, attempt = 1) => ({ type: "turn.started", turn: `trn_${n}`, attempt });
const ended = (n: number, more = {}) => ({
  type: "turn.ended",
  turn: `trn_${n}`,
  outcome: "succeeded",
  reason: null,
  maybe_executed: false,
  attempts: 1,
  cost_usd: 0.25,
  tokens: { input: 1, output: 2, cache_read: 3, cache_write: 4 },
  ...more,
});

describe("the fold of a session's events", () => {
  it("shows a message when its turn begins, with its last text", () => {
    const made = fold([
      queued(1),
      { type: "message.edited", message: "msg_1", text: "better" },
      started(1),
      { type: "agent.text", turn: "trn_1", text: "Hi" },
    ]);
    expect(made.items.map((item) => [item.kind, "text" in item && item.text])).toEqual([
      ["said", "better"],
      ["text", "Hi"],
    ]);
    expect(made.queue).toEqual([]);
    expect(made.turn?.id).toBe("trn_1");
  });

  it("takes each number once, whatever comes twice", () => {
    const made = fold([queued(1), started(1)]);
    const again = { seq: 2, at: AT, ...started(1) } as unknown as SessionEvent;
    expect(made.apply(again)).toBe(false);
    expect(made.items).toHaveLength(1);
    expect(made.seq).toBe(2);
  });

  it("keeps the line: edits, moves, what is parked and what is taken back", () => {
    const made = fold([
      queued(1),
      queued(2),
      queued(3),
      { type: "message.moved", message: "msg_3", position: 1 },
      { type: "turn.parked", turn: "trn_2", reason: "quota", until: "2026-11-21T15:00:00Z" },
      ended(1, { outcome: "cancelled", attempts: 0 }),
    ]);
    expect(made.queue.map((one) => one.message)).toEqual(["msg_3", "msg_2"]);
    expect(made.queue[1]?.parked).toEqual({ reason: "quota", until: Date.parse("2026-11-21T15:00:00Z") });
    expect(made.items.map((item) => item.kind)).toEqual(["parked"]);
  });

  it("puts a parked turn back in line, with its reason, and says its words once", () => {
    const made = fold([
      queued(1),
      queued(2),
      started(1),
      { type: "turn.parked", turn: "trn_1", reason: "quota", until: "2026-11-21T15:00:00Z" },
    ]);
    expect(made.turn).toBeUndefined();
    expect(made.queue.map((one) => [one.message, one.parked?.reason])).toEqual([
      ["msg_1", "quota"],
      ["msg_2", undefined],
    ]);
    for (const event of [
      { seq: 5, ...started(1, 2) },
      { seq: 6, type: "turn.requeued", turn: "trn_1", reason: "crashed", maybe_executed: true },
      { seq: 7, ...started(1, 3) },
    ])
      made.apply({ at: AT, ...event } as unknown as SessionEvent);
    expect(made.items.map((item) => item.kind)).toEqual(["said", "parked", "requeued", "requeued", "requeued"]);
    expect(made.queue.map((one) => one.message)).toEqual(["msg_2"]);
    expect(made.turn?.id).toBe("trn_1");
  });

  it("joins a tool's call with its end", () => {
    const made = fold([
      { type: "tool.called", call: "c1", tool: "Bash", input: { command: "ls" } },
      { type: "tool.called", call: "c2", tool: "Write", input: { file_path: "a.rs", content: "x" } },
      { type: "tool.ended", call: "c1", ok: false, output: "no", exit_code: 2 },
      { type: "tool.ended", call: "c2", ok: true, output: "" },
    ]);
    expect(made.items).toMatchObject([
      { kind: "tool", state: "failed", exit: 2, output: "no" },
      { kind: "tool", state: "ok" },
    ]);
    expect([...made.seams.files].map(([path, calls]) => [path, calls.size])).toEqual([["a.rs", 1]]);
  });

  it("says that a tool is gone when its turn ends without it", () => {
    const made = fold([
      queued(1),
      started(1),
      { type: "tool.called", call: "c1", tool: "Bash", input: {} },
      ended(1, { outcome: "interrupted" }),
    ]);
    expect(made.items[1]).toMatchObject({ kind: "tool", state: "gone" });
    expect(made.items[2]).toMatchObject({ kind: "ended", outcome: "interrupted", took: 0 });
    expect(made.usage).toEqual({ cost: 0.25, input: 8, output: 2 });
  });

  it("settles a question in its place", () => {
    const made = fold([
      { type: "tool.called", call: "c1", tool: "Bash", input: {} },
      { type: "approval.asked", approval: "apr_1", tool: "Bash", input: "{}", hash: "h" },
      { type: "agent.text", text: "…" },
      { type: "approval.answered", approval: "apr_1", state: "denied", reason: "no" },
    ]);
    expect(made.items[1]).toMatchObject({ kind: "asked", state: "denied", reason: "no", call: "c1" });
    expect(made.items).toHaveLength(3);
  });

  it("forgets the typing when its event is there", () => {
    const made = fold([queued(1), started(1)]);
    made.type({ kind: "text", text: "Do" });
    made.type({ kind: "text", text: "ne." });
    expect(made.typing).toEqual({ kind: "text", text: "Done." });
    made.apply({ seq: 3, at: AT, type: "agent.text", text: "Done." });
    expect(made.typing).toBeUndefined();
  });

  it("begins in the middle: unknown calls, a line that was there before", () => {
    const made = fold([{ type: "tool.ended", call: "before", ok: true, output: "x" }, started(8)], 500);
    expect(made.items[0]).toMatchObject({ kind: "tool", tool: "", state: "ok" });
    made.knows([{ message: "msg_9", turn: "trn_9", text: "later", at: 0, not_before: undefined, parked: undefined }]);
    made.apply({ seq: 503, at: AT, ...queued(10) } as SessionEvent);
    expect(made.queue.map((one) => one.message)).toEqual(["msg_9", "msg_10"]);
    made.apply({ seq: 504, at: AT, ...started(9) } as SessionEvent);
    expect(made.queue.map((one) => one.message)).toEqual(["msg_10"]);
  });

  it("passes through what it does not know, and gathers lines of output", () => {
    const lines = Array.from({ length: 900 }, (_, n) => ({ type: "output", stream: "stdout", text: `${n}` }));
    const made = fold([{ type: "agent.dreamt", of: "sheep" }, ...lines, { type: "output", stream: "stderr", text: "!" }]);
    expect(made.items.map((item) => item.kind)).toEqual(["raw", "output", "output", "output", "output"]);
    expect(made.items.slice(1).map((item) => item.kind === "output" && item.lines)).toEqual([400, 400, 100, 1]);
  });

  it("takes time in proportion to the events, not to their square", () => {
    const took = (events: number) => {
      const made = new Fold();
      const begun = performance.now();
      for (let seq = 1; seq <= events; seq += 1) {
        const called = { type: "tool.called", call: `c${seq}`, tool: "Read", input: { file_path: "a" } } as const;
        const done = { type: "tool.ended", call: `c${seq - 1}`, ok: true, output: "x" } as const;
        made.apply({ seq, at: AT, ...(seq % 2 === 1 ? called : done) });
      }
      expect(made.items).toHaveLength(events / 2);
      return performance.now() - begun;
    };
    took(10_000);
    expect(took(100_000)).toBeLessThan(took(10_000) * 40 + 100);
  });

  it("reads the agent's plan", () => {
    const made = fold([
      {
        type: "tool.called",
        call: "c",
        tool: "TodoWrite",
        input: { todos: [{ content: "a", status: "completed" }, { content: "b", status: "?" }, null] },
      },
    ]);
    expect(made.plan).toEqual([
      { text: "a", state: "completed" },
      { text: "b", state: "pending" },
    ]);
  });
});
