// What a person is needed for, and how commands ended, in words.
import type { Exit, Need } from "@/api/client";
import { m } from "@/text/gen/messages.js";

/** What a person is needed for (crates/domain/src/task/need.rs). */
export function needWord(need: Need): string {
  const words: Record<Need, () => string> = {
    attempts_used_up: m.need_attempts_used_up,
    same_failure: m.need_same_failure,
    nothing_changed: m.need_nothing_changed,
    writes_denied: m.need_writes_denied,
    agent_failed: m.need_agent_failed,
    setup_failed: m.need_setup_failed,
    checks_edited: m.need_checks_edited,
    review_failed: m.need_review_failed,
    conflict: m.need_conflict,
    budget: m.need_budget,
    impossible: m.need_impossible,
    taken_over: m.need_taken_over,
  };
  return words[need]?.() ?? need;
}

export function exitWord(exit: Exit): string {
  if (exit === "timed_out") return m.check_timed_out();
  if ("code" in exit) return exit.code === 0 ? m.check_passed() : m.exit_code({ code: exit.code });
  if ("signal" in exit) return m.check_signal({ signal: exit.signal });
  return m.check_not_run({ why: exit.not_run });
}
