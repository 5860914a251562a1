import { describe, expect, it } from "vitest";
import type { Task } from "@/api/client";
import { COLUMNS, columnOf, columns, meaningOf, type Target, verbsOf } from "@/features/task/columns";

const STATES = ["draft", "blocked", "ready", "working", "checking", "review", "merging", "needs_human", "done", "cancelled"];

function task(id: string, state: string, more: Partial<Task> = {}): Task {
  return {
    id,
    state,
    project: "prj_1",
    title: id,
    priority: 0,
    labels: [],
    needs: [],
    blocked_by: [],
    attempt: 1,
    attempts_max: 3,
    cost_usd: 0,
    created_at: "2026-01-01T00:00:00Z",
    updated_at: "2026-01-01T00:00:00Z",
    ...more,
  } as Task;
}

describe("the columns", () => {
  it("have every state once, and what is not known needs a person", () => {
    expect(STATES.map(columnOf)).toEqual([
      "draft",
      "waiting",
      "waiting",
      "working",
      "working",
      "review",
      "merging",
      "needs",
      "over",
      "over",
    ]);
    expect(columnOf("sleeping")).toBe("needs");
  });

  it("put the urgent first, and what can begin before what must wait", () => {
    const all = columns([
      task("late", "ready", { created_at: "2026-01-02T00:00:00Z" }),
      task("early", "ready"),
      task("urgent", "blocked", { priority: 9 }),
      task("soon", "ready", { priority: 3 }),
      task("old", "done", { ended_at: "2026-01-01T00:00:00Z" }),
      task("new", "cancelled", { ended_at: "2026-01-03T00:00:00Z" }),
      task("b", "needs_human", { updated_at: "2026-01-02T00:00:00Z" }),
      task("a", "needs_human"),
    ]);
    const ids = (column: keyof typeof all) => all[column].map((one) => one.id);
    expect(ids("waiting")).toEqual(["soon", "early", "late", "urgent"]);
    expect(ids("over")).toEqual(["new", "old"]);
    expect(ids("needs")).toEqual(["a", "b"]);
    expect(ids("draft")).toEqual([]);
  });
});

describe("what a person can do", () => {
  it("is what the hub's rules allow", () => {
    const of = (state: string, more: Partial<Task> = {}) => verbsOf(task("x", state, more));
    expect(of("draft")).toEqual(["start", "cancel"]);
    expect(of("ready")).toEqual(["cancel"]);
    expect(of("working", { session: "ses_1" })).toEqual(["take_over", "cancel"]);
    expect(of("review", { session: "ses_1", head: "c1" })).toEqual(["approve", "take_over", "cancel"]);
    expect(of("needs_human", { need: "same_failure", session: "ses_1" })).toEqual(["retry", "submit", "take_over", "cancel"]);
    expect(of("needs_human", { need: "taken_over", session: "ses_1" })).toEqual(["submit", "retry", "cancel"]);
    expect(of("needs_human", { need: "checks_edited", session: "ses_1", head: "c1" })[0]).toBe("approve");
    expect(of("needs_human", { need: "impossible" })).toEqual(["retry", "cancel"]);
    expect(of("done")).toEqual([]);
    expect(of("cancelled")).toEqual(["retry"]);
  });
});

describe("a drop", () => {
  const drop = (state: string, target: Target, more: Partial<Task> = {}) => {
    const meaning = meaningOf(task("x", state, more), target);
    return meaning.kind === "verb" ? meaning.verb : meaning.kind === "nothing" ? `no: ${meaning.why}` : meaning.kind;
  };

  it("is a real operation, or says why it is none", () => {
    const own = { session: "ses_1", head: "c1" };
    const expected: [string, Target, Partial<Task>, string][] = [
      ["draft", "waiting", {}, "start"],
      ["draft", "working", {}, "start"],
      ["draft", "review", {}, "no: no_change_yet"],
      ["blocked", "working", {}, "no: waits_for_others"],
      ["ready", "working", {}, "no: begins_itself"],
      ["ready", "needs", {}, "no: nothing_to_look_at"],
      ["working", "needs", own, "take_over"],
      ["working", "review", own, "no: at_work"],
      ["working", "waiting", own, "no: began"],
      ["review", "working", own, "judge"],
      ["review", "merging", own, "approve"],
      ["review", "over", own, "no: only_proved"],
      ["needs_human", "working", { need: "same_failure" }, "retry"],
      ["needs_human", "waiting", { need: "conflict", ...own }, "retry"],
      ["needs_human", "review", { need: "taken_over", ...own }, "submit"],
      ["needs_human", "review", { need: "impossible" }, "no: no_worktree"],
      ["needs_human", "merging", { need: "checks_edited", ...own }, "approve"],
      ["needs_human", "merging", { need: "conflict", ...own }, "no: not_judged"],
      ["merging", "over", own, "no: in_queue"],
      ["cancelled", "working", {}, "retry"],
      ["cancelled", "review", {}, "no: cancelled_first"],
      ["done", "waiting", {}, "no: done_stays"],
      ["done", "cancel", {}, "no: done_stays"],
    ];
    for (const [state, target, more, meaning] of expected) expect(drop(state, target, more), `${state} on ${target}`).toBe(meaning);
  });

  it("on its own column is nothing at all, and gives up whatever is open", () => {
    for (const state of STATES) {
      expect(drop(state, columnOf(state)), state).toBe("same");
      const open = state !== "done" && state !== "cancelled";
      if (open) expect(drop(state, "cancel"), state).toBe("cancel");
    }
  });

  it("never means a verb that the task does not have", () => {
    for (const state of STATES) {
      for (const target of [...COLUMNS, "cancel"] as const) {
        for (const more of [{}, { session: "ses_1", head: "c1" }, { need: "taken_over", session: "ses_1" } as const]) {
          const one = task("x", state, more);
          const meaning = meaningOf(one, target);
          if (meaning.kind === "verb") expect(verbsOf(one), `${state} on ${target}`).toContain(meaning.verb);
        }
      }
    }
  });
});
