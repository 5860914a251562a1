import { m } from "@/text/gen/messages.js";
import type { State } from "@/ui/mark";

const MARK: Record<string, State> = {
  planning: "working",
  proposed: "needs",
  accepted: "working",
  rejected: "lost",
  failed: "failed",
  over: "done",
};

/** The mark of a plan's state. */
export function planMark(state: string): State {
  return MARK[state] ?? "queued";
}

export function planWord(state: string): string {
  const words: Record<string, () => string> = {
    planning: m.plan_planning,
    proposed: m.plan_proposed,
    accepted: m.plan_accepted,
    rejected: m.plan_rejected,
    failed: m.plan_failed,
    over: m.plan_over,
  };
  return words[state]?.() ?? state;
}

/** The first line of a goal, for lists and headings. */
export function goalLine(goal: string): string {
  return goal.trim().split("\n")[0] ?? "";
}
