// The hub's problems in the reader's language: what it is and what to do, by the closed list of types (crates/domain/src/problem.rs). What
// happened to which thing is the hub's own sentence, and stays as it was said.
import type { components } from "@/api/schema.gen";
import { m } from "@/text/gen/messages.js";
import { locale } from "@/text/locale";

export type Problem = components["schemas"]["ProblemBody"];

/** Title and hint of each type, by the last part of its address. */
export const PROBLEMS: Record<string, [title: () => string, hint: () => string]> = {
  malformed: [m.problem_malformed, m.problem_malformed_hint],
  "bad-idempotency-key": [m.problem_bad_idempotency_key, m.problem_bad_idempotency_key_hint],
  unauthenticated: [m.problem_unauthenticated, m.problem_unauthenticated_hint],
  "code-spent": [m.problem_code_spent, m.problem_code_spent_hint],
  forbidden: [m.problem_forbidden, m.problem_forbidden_hint],
  "wrong-origin": [m.problem_wrong_origin, m.problem_wrong_origin_hint],
  "not-found": [m.problem_not_found, m.problem_not_found_hint],
  "method-not-allowed": [m.problem_method_not_allowed, m.problem_method_not_allowed_hint],
  "idempotency-in-progress": [m.problem_idempotency_in_progress, m.problem_idempotency_in_progress_hint],
  "wrong-state": [m.problem_wrong_state, m.problem_wrong_state_hint],
  "session-closed": [m.problem_session_closed, m.problem_session_closed_hint],
  "not-queued": [m.problem_not_queued, m.problem_not_queued_hint],
  "already-answered": [m.problem_already_answered, m.problem_already_answered_hint],
  "stale-review": [m.problem_stale_review, m.problem_stale_review_hint],
  "name-taken": [m.problem_name_taken, m.problem_name_taken_hint],
  "history-expired": [m.problem_history_expired, m.problem_history_expired_hint],
  "too-large": [m.problem_too_large, m.problem_too_large_hint],
  "not-json": [m.problem_not_json, m.problem_not_json_hint],
  "wrong-host": [m.problem_wrong_host, m.problem_wrong_host_hint],
  invalid: [m.problem_invalid, m.problem_invalid_hint],
  "idempotency-mismatch": [m.problem_idempotency_mismatch, m.problem_idempotency_mismatch_hint],
  "not-a-repository": [m.problem_not_a_repository, m.problem_not_a_repository_hint],
  "unknown-base": [m.problem_unknown_base, m.problem_unknown_base_hint],
  "queue-full": [m.problem_queue_full, m.problem_queue_full_hint],
  internal: [m.problem_internal, m.problem_internal_hint],
  "archive-damaged": [m.problem_archive_damaged, m.problem_archive_damaged_hint],
  storage: [m.problem_storage, m.problem_storage_hint],
  "no-node": [m.problem_no_node, m.problem_no_node_hint],
  "shutting-down": [m.problem_shutting_down, m.problem_shutting_down_hint],
};

/** The same problem as the reader's language says it, also after the language was changed. A type of a later version speaks for itself. */
export function spoken(problem: Problem): Problem {
  const slug = problem.type.split("/").at(-1) ?? "";
  const words = Object.hasOwn(PROBLEMS, slug) ? PROBLEMS[slug] : undefined;
  if (words === undefined) return problem;
  const [title, hint] = words;
  return {
    ...problem,
    get title() {
      return title();
    },
    // The place where it happened may know better what to do than its type: in the language that the hub speaks, that is said.
    get hint() {
      return locale() === "en" ? (problem.hint ?? hint()) : hint();
    },
  };
}

/** A problem in one line. */
export function sentence({ title, detail }: Problem): string {
  return locale() === "en" ? detail : m.problem_with_detail({ title, detail });
}
