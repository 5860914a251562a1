import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { TaskDetail } from "@/api/client";
import { queuesQuery } from "@/api/merge";
import { needWord } from "@/api/need";
import { settingsQuery } from "@/api/project";
import { sayingWord } from "@/api/saying";
import { becauseWord, moreWhy, nextWord } from "@/features/task/words";
import { clock } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { cn } from "@/ui/class";
import { Mark, type State } from "@/ui/mark";
import { Progress } from "@/ui/progress";

/** Why a task is where it is, and what comes next: the verdict of the page. */
export function Standing({ task, question }: { task: TaskDetail; question: ReactNode }) {
  const why = moreWhy(task);
  switch (task.state) {
    case "needs_human":
      return (
        <Box state="needs" title={task.need == null ? m.task_needs_human() : needWord(task.need)}>
          {why !== "" && task.need !== "taken_over" && <p className="[overflow-wrap:anywhere]">{why}</p>}
          <p className="text-soft">{task.need == null ? task.hint : nextWord(task.need)}</p>
          <SessionLink task={task} />
        </Box>
      );
    case "review":
      return <Judged task={task} />;
    case "merging":
      return <InQueue task={task} />;
    case "blocked":
      return (
        <Box state="parked" title={m.task_waits_for()}>
          <ul>
            {task.blocked_by.map((other) => (
              <li key={other.id}>
                <TaskLink id={other.id}>{other.title}</TaskLink>
              </li>
            ))}
          </ul>
        </Box>
      );
    case "ready":
      return (
        <Box state="queued" title={m.task_ready_title()}>
          <p className="text-soft">{becauseWord(task) || m.task_ready_body()}</p>
        </Box>
      );
    case "draft":
      return (
        <Box state="queued" title={m.task_draft_title()}>
          <p className="text-soft">{task.plan == null ? m.task_draft_body() : m.task_draft_of_plan()}</p>
        </Box>
      );
    case "working":
    case "checking":
      return <AtWork task={task} question={question} />;
    case "done":
      return (
        <Box state="done" title={m.task_done_title()}>
          {task.evidence.landed.map((commit) => (
            <p key={commit.id} className="flex gap-2">
              <code className="shrink-0 text-soft">{commit.id.slice(0, 10)}</code>
              <span className="min-w-0 [overflow-wrap:anywhere]">{commit.title}</span>
            </p>
          ))}
        </Box>
      );
    default:
      return (
        <Box state="lost" title={m.task_cancelled_title()}>
          {task.branch != null && <p className="text-soft">{m.task_branch_stays({ branch: task.branch })}</p>}
        </Box>
      );
  }
}

const EDGE: Record<State, string> = {
  working: "border-working",
  needs: "border-needs",
  parked: "border-parked",
  done: "border-done",
  failed: "border-failed",
  queued: "border-edge",
  lost: "border-lost",
};

function Box({ state, title, children }: { state: State; title: string; children?: ReactNode }) {
  return (
    <section aria-label={title} className={cn("flex gap-2.5 rounded-box border bg-panel px-3 py-2.5", EDGE[state])}>
      <Mark state={state} className="mt-0.5" />
      <div className="flex min-w-0 flex-1 flex-col gap-1">
        <h2 className="font-semibold">{title}</h2>
        {children}
      </div>
    </section>
  );
}

export function TaskLink({ id, children }: { id: string; children: ReactNode }) {
  return (
    <Link
      to="/tasks/$id"
      params={{ id }}
      className="inline-block py-0.5 underline decoration-edge underline-offset-2 [overflow-wrap:anywhere] pointer-coarse:py-2"
    >
      {children}
    </Link>
  );
}

function SessionLink({ task }: { task: TaskDetail }) {
  const session = task.session ?? task.sessions.at(-1)?.id;
  if (session == null) return null;
  return (
    <p>
      <Link to="/sessions/$id" params={{ id: session }} className="underline decoration-edge underline-offset-2">
        {m.read_session()}
      </Link>
    </p>
  );
}

function AtWork({ task, question }: { task: TaskDetail; question: ReactNode }) {
  const asks = task.session_state === "waiting";
  const parked = task.session_state === "parked";
  const title = asks
    ? m.task_asks_title()
    : parked
      ? m.task_parked_title()
      : task.state === "checking"
        ? m.task_checking_title()
        : m.task_working_title();
  return (
    <Box state={asks ? "needs" : parked ? "parked" : task.why == null ? "working" : "lost"} title={title}>
      {task.why != null && <p className="[overflow-wrap:anywhere]">{becauseWord(task)}</p>}
      {task.progress != null && <Progress progress={task.progress} />}
      {asks && question}
      <SessionLink task={task} />
    </Box>
  );
}

/** Whether a person's word is missing, or an agent is still at it. */
function Judged({ task }: { task: TaskDetail }) {
  const person = useQuery(settingsQuery(task.project)).data?.needs_person;
  return (
    <Box state={person === true ? "needs" : "working"} title={person === true ? m.task_review_person() : m.task_review_agent()}>
      <p className="text-soft">{person === true ? m.task_review_person_body() : m.task_review_agent_body()}</p>
      <p>
        <Link to="/tasks/$id/review" params={{ id: task.id }} className="underline decoration-edge underline-offset-2">
          {m.read_change()}
        </Link>
      </p>
    </Box>
  );
}

/** Its place in the merge queue, and what that waits for. */
function InQueue({ task }: { task: TaskDetail }) {
  const queues = useQuery(queuesQuery).data ?? [];
  const queue = queues.find((one) => one.entries.some((entry) => entry.task === task.id));
  const entry = queue?.entries.find((one) => one.task === task.id);
  const title =
    queue === undefined || entry === undefined
      ? m.task_merging_title()
      : entry.standing === "waiting"
        ? m.merge_place({ place: entry.place, target: queue.target })
        : m.merge_tried({ target: queue.target });
  return (
    <Box state={queue?.why == null ? "working" : "parked"} title={title}>
      {task.progress != null && <Progress progress={task.progress} />}
      {queue?.why != null && <p className="[overflow-wrap:anywhere]">{sayingWord(queue.saying, queue.why)}</p>}
      {queue?.again_at != null && <p className="text-soft">{m.merge_again({ time: clock(Date.parse(queue.again_at)) })}</p>}
      <p>
        <Link to="/merge-queue" className="underline decoration-edge underline-offset-2">
          {m.merge_queue()}
        </Link>
      </p>
    </Box>
  );
}
