import type { Node, Session } from "@/api/client";
import type { Outcome } from "@/api/event";
import { until } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { type State, stateWord } from "@/ui/mark";

/** What a session shows as. Its row says what was last known; a lost machine makes "working" a claim that nobody can back. */
export function stateOf(session: Session, nodes: readonly Node[] | undefined, outcome: Outcome | null | undefined): State {
  switch (session.state) {
    case "waiting":
      return "needs";
    case "parked":
      return "parked";
    case "busy": {
      if (session.turn == null) return "queued";
      const node = nodes?.find((one) => one.id === session.place.node);
      return node?.state === "lost" || node?.state === "suspect" ? "lost" : "working";
    }
    case "idle":
    case "closed":
      if (outcome == null) return "queued";
      return outcome === "succeeded" ? "done" : outcome === "failed" ? "failed" : "lost";
  }
}

/** The word of a session's state; for one that rests, how its last turn ended. */
export function wordOf(session: Session, state: State, outcome: Outcome | null | undefined): string {
  if (session.state === "closed" && outcome == null) return m.session_closed();
  if (session.state !== "idle" && session.state !== "closed") return stateWord(state);
  return outcome == null ? m.session_new() : outcomeWord(outcome);
}

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
    back_off: m.reason_back_off,
    refused: m.reason_refused,
    step_limit: m.reason_step_limit,
    resume_failed: m.reason_resume_failed,
    interrupt: m.reason_interrupt,
    stop: m.reason_stop,
    attempts_used_up: m.reason_attempts_used_up,
  };
  return words[reason]?.() ?? reason;
}

/** Why and until when something waits. */
export function parkedWord(parked: { reason: string; until: number | undefined }): string {
  const why = reasonWord(parked.reason);
  return parked.until === undefined ? m.parked_why({ why }) : m.parked_until({ why, time: until(parked.until, Date.now()) });
}
