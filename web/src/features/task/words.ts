import type { Exit, Need, Task } from "@/api/client";
import { redWord, sayingWord } from "@/api/saying";
import type { Verb } from "@/api/task";
import type { Column, Why } from "@/features/task/columns";
import { m } from "@/text/gen/messages.js";

export function columnWord(column: Column): string {
  const words = {
    needs: m.needs_you,
    draft: m.column_draft,
    waiting: m.column_waiting,
    working: m.column_working,
    review: m.column_review,
    merging: m.column_merging,
    over: m.column_over,
  };
  return words[column]();
}

/** What a verb does, with its object. */
export function verbWord(verb: Verb): string {
  const words = {
    start: m.task_start,
    retry: m.task_retry,
    submit: m.task_submit,
    approve: m.task_approve,
    take_over: m.task_take_over,
    cancel: m.task_cancel,
  };
  return words[verb]();
}

/** What was done, for the line that says so. */
export function doneWord(verb: Verb, title: string): string {
  const words = {
    start: m.task_started_it,
    retry: m.task_retried_it,
    submit: m.task_submitted_it,
    approve: m.task_approved_it,
    take_over: m.task_taken_over_it,
    cancel: m.task_cancelled_it,
  };
  return words[verb]({ title });
}

/** What follows from a verb that ends something. */
export function consequence(verb: Verb, task: Pick<Task, "branch" | "session">): string | undefined {
  if (verb === "take_over") return m.take_over_consequence();
  if (verb !== "cancel") return undefined;
  return task.session == null ? m.cancel_consequence_bare() : m.cancel_consequence({ branch: task.branch ?? "" });
}

/** Why a drop means nothing. */
export function whyWord(why: Why): string {
  const words: Record<Why, () => string> = {
    done_stays: m.why_done_stays,
    never_draft: m.why_never_draft,
    nothing_to_look_at: m.why_nothing_to_look_at,
    began: m.why_began,
    begins_itself: m.why_begins_itself,
    waits_for_others: m.why_waits_for_others,
    no_change_yet: m.why_no_change_yet,
    at_work: m.why_at_work,
    not_judged: m.why_not_judged,
    only_proved: m.why_only_proved,
    in_queue: m.why_in_queue,
    cancelled_first: m.why_cancelled_first,
    no_worktree: m.why_no_worktree,
  };
  return words[why]();
}

/** Why a task is where it is, in the reader's language. */
export function becauseWord({ saying, why }: Pick<Task, "saying" | "why">): string {
  return sayingWord(saying, why ?? "");
}

/** What there is to say beyond what a person is needed for, which stands there already. */
export function moreWhy(task: Pick<Task, "saying" | "why">): string {
  const { saying } = task;
  return saying?.says === "needs" ? redWord(saying.red) : becauseWord(task);
}

/** What to do next about it, with the buttons of this page. */
export function nextWord(need: Need): string {
  const words: Record<Need, () => string> = {
    attempts_used_up: m.next_say_more,
    same_failure: m.next_say_more,
    nothing_changed: m.next_read_session,
    writes_denied: m.next_widen,
    agent_failed: m.next_mend,
    setup_failed: m.next_mend_setup,
    checks_edited: m.next_look_or_approve,
    review_failed: m.next_look_or_approve,
    conflict: m.next_resolve,
    budget: m.next_budget,
    impossible: m.next_mend,
    taken_over: m.next_hand_in,
  };
  return words[need]?.() ?? "";
}

export function isGreen(exit: Exit): boolean {
  return typeof exit === "object" && "code" in exit && exit.code === 0;
}
