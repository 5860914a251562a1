import { Link } from "@tanstack/react-router";
import { Ellipsis, TriangleAlert } from "lucide-react";
import { type DragEvent, memo } from "react";
import type { Task } from "@/api/client";
import { needWord } from "@/api/need";
import type { Verb } from "@/api/task";
import { verbsOf } from "@/features/task/columns";
import { useAllowed } from "@/features/task/use";
import { becauseWord, verbWord } from "@/features/task/words";
import { age, moment, money } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { useNow } from "@/text/use";
import { Button } from "@/ui/button";
import { cn } from "@/ui/class";
import { Mark, type State } from "@/ui/mark";
import { Menu, MenuItem } from "@/ui/menu";
import { Progress } from "@/ui/progress";
import { taskMark, taskWord } from "@/ui/task-state";

/** Ages on a board of a thousand cards need not be drawn anew each second. */
const TICK_MS = 10_000;

type Props = {
  task: Task;
  dragged: boolean;
  /** Whether its change waits for a person's word. */
  personal: boolean;
  onDrag: (task: Task | undefined) => void;
  onVerb: (task: Task, verb: Verb) => void;
};

/** What a card shows: a session that asks or is parked is more than "working". */
export function cardState(task: Pick<Task, "state" | "session_state">, personal = false): { state: State; word: string } {
  if (task.state === "review" && personal) return { state: "needs", word: m.task_wants_review() };
  if (task.state === "working" && task.session_state === "waiting") return { state: "needs", word: m.task_asks() };
  if (task.state === "working" && task.session_state === "parked") return { state: "parked", word: m.state_parked() };
  return { state: taskMark(task.state), word: taskWord(task.state) };
}

/** One task on the board. Dragged on a desk, moved by its menu everywhere. */
export const Card = memo(function Card({ task, dragged, personal, onDrag, onVerb }: Props) {
  const allowed = useAllowed();
  const { state, word } = cardState(task, personal);
  const verbs = verbsOf(task).filter(allowed);
  const start = (event: DragEvent) => {
    event.dataTransfer.setData("text/plain", task.id);
    event.dataTransfer.effectAllowed = "move";
    onDrag(task);
  };
  return (
    <li
      draggable={verbs.length > 0}
      onDragStart={start}
      onDragEnd={() => onDrag(undefined)}
      data-task={task.id}
      className={cn(
        "group relative rounded-box border bg-panel [contain-intrinsic-size:auto_76px] [content-visibility:auto]",
        state === "needs" ? "border-needs" : "border-line hover:border-edge",
        dragged && "opacity-50",
      )}
    >
      <Link
        to="/tasks/$id"
        params={{ id: task.id }}
        draggable={false}
        className="flex flex-col gap-1 rounded-box px-2.5 py-2 focus-visible:-outline-offset-2"
      >
        <span className="line-clamp-3 pr-5 font-semibold [overflow-wrap:anywhere] pointer-coarse:pr-11">{task.title}</span>
        <span className="flex items-center gap-1 text-small text-soft">
          <Mark state={state} className="size-3.5" />
          <span className="min-w-0 flex-1 truncate">{word}</span>
          <Age task={task} />
        </span>
        {task.progress != null && <Progress progress={task.progress} />}
        <Reason task={task} />
        <span className="flex flex-wrap gap-x-2 text-small text-soft">
          <span className="mr-auto max-w-full truncate">{task.agent ?? task.driver ?? ""}</span>
          {task.attempt > 1 && <span className="shrink-0">{m.task_try({ attempt: task.attempt, most: task.attempts_max })}</span>}
          {task.cost_usd > 0 && <span className="shrink-0">{money(task.cost_usd)}</span>}
        </span>
      </Link>
      {verbs.length > 0 && (
        <div className="absolute top-1 right-1 pointer-coarse:top-0 pointer-coarse:right-0">
          <Menu
            trigger={
              <Button
                kind="quiet"
                size="icon"
                data-move
                className="min-h-7 min-w-7 opacity-60 group-focus-within:opacity-100 group-hover:opacity-100 pointer-coarse:min-h-12 pointer-coarse:min-w-12 pointer-coarse:opacity-100"
                aria-label={m.task_menu({ title: task.title })}
              >
                <Ellipsis />
              </Button>
            }
          >
            {verbs.map((verb) => (
              <MenuItem key={verb} danger={verb === "cancel"} onSelect={() => onVerb(task, verb)}>
                {verbWord(verb)}
              </MenuItem>
            ))}
          </Menu>
        </div>
      )}
    </li>
  );
});

/** How long it has been as it is; how long ago it ended. */
function Age({ task }: { task: Task }) {
  const now = useNow(TICK_MS);
  const at = Date.parse(task.ended_at ?? task.updated_at);
  return (
    <time dateTime={task.updated_at} title={moment(at)} className="shrink-0">
      {age(at, now)}
    </time>
  );
}

/** Why it does not go on, in a line. */
function Reason({ task }: { task: Task }) {
  const [blocker] = task.blocked_by;
  if (task.need != null) {
    return (
      <span className="flex items-start gap-1 text-small text-needs">
        {task.need === "conflict" && <TriangleAlert aria-hidden className="mt-0.5 size-3.5 shrink-0" />}
        <span className="line-clamp-2">{needWord(task.need)}</span>
      </span>
    );
  }
  if (task.state === "blocked" && blocker !== undefined) {
    const more = task.blocked_by.length - 1;
    const text = more > 0 ? m.task_after_more({ title: blocker.title, n: more }) : m.task_after({ title: blocker.title });
    return <span className="line-clamp-2 text-small text-soft">{text}</span>;
  }
  if (task.why != null && task.state !== "done") return <span className="line-clamp-2 text-small text-soft">{becauseWord(task)}</span>;
  return null;
}
