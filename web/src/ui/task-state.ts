import { m } from "@/text/gen/messages.js";
import type { State } from "@/ui/mark";

/** The mark of a task's state. What is judged is at work until somebody knows that a person must judge. */
export function taskMark(state: string): State {
  switch (state) {
    case "working":
    case "checking":
    case "review":
    case "merging":
      return "working";
    case "needs_human":
      return "needs";
    case "blocked":
      return "parked";
    case "done":
      return "done";
    case "cancelled":
      return "lost";
    default:
      return "queued";
  }
}

/** The word of a task's state. One of a later version is its own word. */
export function taskWord(state: string): string {
  const words: Record<string, () => string> = {
    draft: m.task_draft,
    blocked: m.task_blocked,
    ready: m.task_ready,
    working: m.task_working,
    checking: m.task_checking,
    review: m.task_review,
    merging: m.task_merging,
    needs_human: m.task_needs_human,
    done: m.task_done,
    cancelled: m.task_cancelled,
  };
  return words[state]?.() ?? state;
}
