// How turns end and why they wait, in words.
import type { Outcome } from "@/api/event";
import { m } from "@/text/gen/messages.js";

export function outcomeWord(outcome: Outcome): string {
  switch (outcome) {
    case "succeeded":
      return m.outcome_succeeded();
    case "failed":
      return m.outcome_failed();
    case "cancelled":
      return m.outcome_cancelled();
    case "interrupted":
      return m.outcome_interrupted();
  }
}

/** Why something failed or waits, in words (crates/domain/src/reason.rs). A reason of a later version is its own word. */
export function reasonWord(reason: string): string {
  const words: Record<string, () => string> = {
    node_lost: m.reason_node_lost,
    keeper_died: m.reason_keeper_died,
    machine_restarted: m.reason_machine_restarted,
    worktree_failed: m.reason_worktree_failed,
    program_missing: m.reason_program_missing,
    spool_failed: m.reason_spool_failed,
    timeout: m.reason_timeout,
    hung: m.reason_hung,
    crashed: m.reason_crashed,
    exit_code: m.reason_exit_code,
    nonsense: m.reason_nonsense,
    quota: m.reason_quota,
    rate_limited: m.reason_rate_limited,
    provider_failed: m.reason_provider_failed,
    auth: m.reason_auth,
    bad_request: m.reason_bad_request,
    budget: m.reason_budget,
    no_room: m.reason_no_room,
    back_off: m.reason_back_off,
    refused: m.reason_refused,
    step_limit: m.reason_step_limit,
    resume_failed: m.reason_resume_failed,
    interrupt: m.reason_interrupt,
    stop: m.reason_stop,
    attempts_used_up: m.reason_attempts_used_up,
  };
  return Object.hasOwn(words, reason) ? (words[reason]?.() ?? reason) : reason;
}
