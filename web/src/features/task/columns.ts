// The board's columns, what stands in each, and what it means to drop a card there. Pure, so that tests can look at all of it.
import type { Task } from "@/api/client";
import type { Verb } from "@/api/task";

export const COLUMNS = ["needs", "draft", "waiting", "working", "review", "merging", "over"] as const;
export type Column = (typeof COLUMNS)[number];
/** Where a card can be dropped: a column, or the strip that gives it up. */
export type Target = Column | "cancel";

const STANDS: Record<string, Column> = {
  needs_human: "needs",
  draft: "draft",
  blocked: "waiting",
  ready: "waiting",
  working: "working",
  checking: "working",
  review: "review",
  merging: "merging",
  done: "over",
  cancelled: "over",
};

/** The column of a state. A state of a later version needs a person until this page is newer. */
export function columnOf(state: string): Column {
  return STANDS[state] ?? "needs";
}

/** Each column's tasks: what needs a person longest first, what is over newest first, the rest by priority, then age. */
export function columns(tasks: readonly Task[]): Record<Column, Task[]> {
  const all = Object.fromEntries(COLUMNS.map((column) => [column, [] as Task[]])) as Record<Column, Task[]>;
  for (const task of tasks) all[columnOf(task.state)].push(task);
  for (const column of COLUMNS) {
    if (column === "over") all.over.sort((one, other) => (other.ended_at ?? "").localeCompare(one.ended_at ?? ""));
    else if (column === "needs") all.needs.sort((one, other) => one.updated_at.localeCompare(other.updated_at));
    else all[column].sort((one, other) => other.priority - one.priority || one.created_at.localeCompare(other.created_at));
  }
  // What can begin stands before what must wait for others.
  all.waiting.sort((one, other) => Number(one.state === "blocked") - Number(other.state === "blocked"));
  return all;
}

type Known = Pick<Task, "state"> & Partial<Pick<Task, "need" | "head" | "session">>;

/** What a person can do with a task as it stands: the rules of the hub's `step`, so that no button is there that it would refuse. */
export function verbsOf(task: Known): Verb[] {
  const verbs: Verb[] = [];
  const has = task.session != null;
  switch (task.state) {
    case "draft":
      verbs.push("start");
      break;
    case "review":
      verbs.push("approve");
      break;
    case "needs_human":
      if ((task.need === "checks_edited" || task.need === "review_failed") && task.head != null) verbs.push("approve");
      // Whoever has the worktree hands it in; otherwise the agent is asked once more.
      if (has && task.need === "taken_over") verbs.push("submit", "retry");
      else verbs.push("retry", ...(has ? (["submit"] as const) : []));
      break;
    case "cancelled":
      verbs.push("retry");
      break;
  }
  const open = task.state !== "done" && task.state !== "cancelled";
  if (open && has && task.need !== "taken_over") verbs.push("take_over");
  if (open) verbs.push("cancel");
  return verbs;
}

/** Why a drop means nothing. */
export type Why =
  | "done_stays"
  | "never_draft"
  | "nothing_to_look_at"
  | "began"
  | "begins_itself"
  | "waits_for_others"
  | "no_change_yet"
  | "at_work"
  | "not_judged"
  | "only_proved"
  | "in_queue"
  | "cancelled_first"
  | "no_worktree";

export type Meaning = { kind: "same" } | { kind: "verb"; verb: Verb } | { kind: "judge" } | { kind: "nothing"; why: Why };

/** What it means to drop a task there: a real operation, the screen on which one judges, or nothing, and then why. */
export function meaningOf(task: Known, target: Target): Meaning {
  const verbs = verbsOf(task);
  const from = columnOf(task.state);
  const can = (verb: Verb, why: Why): Meaning => (verbs.includes(verb) ? { kind: "verb", verb } : { kind: "nothing", why });
  const nothing = (why: Why): Meaning => ({ kind: "nothing", why });
  if (from === target) return { kind: "same" };
  if (task.state === "done") return nothing("done_stays");
  const back = target === "waiting" || target === "working";
  if (task.state === "cancelled") return back ? can("retry", "cancelled_first") : nothing("cancelled_first");
  switch (target) {
    case "cancel":
      return can("cancel", "done_stays");
    case "draft":
      return nothing("never_draft");
    case "needs":
      return can("take_over", "nothing_to_look_at");
    case "waiting":
    case "working":
      if (from === "draft") return can("start", "began");
      if (from === "needs") return can("retry", "began");
      if (from === "waiting") return nothing(task.state === "blocked" ? "waits_for_others" : "begins_itself");
      if (from === "review" && target === "working") return { kind: "judge" };
      return nothing(from === "merging" ? "in_queue" : "began");
    case "review":
      if (from === "needs") return can("submit", "no_worktree");
      if (from === "merging") return nothing("in_queue");
      return nothing(from === "working" ? "at_work" : "no_change_yet");
    case "merging":
      if (from === "review") return can("approve", "not_judged");
      if (from === "needs") return can("approve", "not_judged");
      return nothing(from === "working" ? "at_work" : "no_change_yet");
    case "over":
      return nothing(from === "merging" ? "in_queue" : "only_proved");
  }
}
