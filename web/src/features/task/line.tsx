import { Link } from "@tanstack/react-router";
import type { Task } from "@/api/client";
import { needWord } from "@/api/need";
import { becauseWord, moreWhy, nextWord } from "@/features/task/words";
import { ago, duration, moment, money } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { useNow } from "@/text/use";
import { Mark } from "@/ui/mark";
import { Progress } from "@/ui/progress";
import { taskMark, taskWord } from "@/ui/task-state";

/** A task that needs a person, in two lines: what for, and the next step. */
export function NeedingLine({ task }: { task: Task }) {
  const now = useNow(10_000);
  const at = Date.parse(task.updated_at);
  const review = task.state === "review";
  const [what, next] = review
    ? [m.task_review_person(), m.task_review_person_body()]
    : task.need == null
      ? [becauseWord(task) || m.task_needs_human(), ""]
      : [needWord(task.need), moreWhy(task) || nextWord(task.need)];
  return (
    <Link
      to={review ? "/tasks/$id/review" : "/tasks/$id"}
      params={{ id: task.id }}
      className="flex items-start gap-2.5 px-3 py-2.5 hover:bg-raised"
    >
      <Mark state="needs" className="mt-1 desk:mt-0.5" />
      <span className="min-w-0 flex-1">
        <span className="flex items-baseline gap-3">
          <span className="min-w-0 flex-1 truncate font-semibold">{task.title}</span>
          <time className="shrink-0 text-small text-soft" dateTime={task.updated_at} title={moment(at)}>
            {ago(at, now)}
          </time>
        </span>
        <span className="block text-small">{what}</span>
        {next !== "" && <span className="block text-small text-soft">{next}</span>}
      </span>
    </Link>
  );
}

/** A task that no agent works on just now: its checks run, or it is being merged. */
export function ProvingLine({ task }: { task: Task }) {
  const now = useNow();
  const at = Date.parse(task.updated_at);
  const why = becauseWord(task);
  return (
    <Link
      to="/tasks/$id"
      params={{ id: task.id }}
      className="flex min-h-16 items-start gap-2.5 px-3 py-2.5 hover:bg-raised desk:min-h-14 desk:py-2"
    >
      <Mark state={why === "" ? taskMark(task.state) : "parked"} className="mt-1 desk:mt-0.5" />
      <span className="min-w-0 flex-1">
        <span className="flex items-baseline gap-3">
          <span className="min-w-0 flex-1 truncate font-semibold">{task.title}</span>
          <time className="shrink-0 text-small text-soft" dateTime={task.updated_at} title={moment(at)}>
            {duration(Math.max(0, now - at))}
          </time>
          <span className="shrink-0 text-small text-soft">{money(task.cost_usd)}</span>
        </span>
        {task.progress == null ? (
          <span className="block truncate text-small text-soft">{why === "" ? taskWord(task.state) : why}</span>
        ) : (
          <Progress progress={task.progress} />
        )}
      </span>
    </Link>
  );
}
