import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronLeft } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { TaskDetail } from "@/api/client";
import { settingsQuery } from "@/api/project";
import { taskQuery, type Verb } from "@/api/task";
import { TaskActions } from "@/features/task/actions";
import { Ask, asks } from "@/features/task/ask";
import { cardState } from "@/features/task/card";
import { EvidenceView } from "@/features/task/evidence";
import { Facts } from "@/features/task/facts";
import { Part } from "@/features/task/part";
import { Standing } from "@/features/task/standing";
import { Story } from "@/features/task/story";
import { useVerb } from "@/features/task/use";
import { m } from "@/text/gen/messages.js";
import { Shown } from "@/ui/asked";
import { Button } from "@/ui/button";
import { Badge } from "@/ui/mark";
import { Markdown } from "@/ui/markdown";
import { useTitle } from "@/ui/title";

type Props = {
  id: string;
  /** What its agent asks, to be answered on the spot. */
  question: (task: TaskDetail) => ReactNode;
};

/** A task: where it stands and its proof first, then what was wanted, then how it came about. */
export function TaskView({ id, question }: Props) {
  const query = useQuery(taskQuery(id));
  return <Shown query={query}>{(task) => <Whole key={task.id} task={task} question={question} />}</Shown>;
}

function Whole({ task, question }: { task: TaskDetail; question: Props["question"] }) {
  const [asking, setAsking] = useState<Verb>();
  const act = useVerb();
  const personal = useQuery({ ...settingsQuery(task.project), enabled: task.state === "review" }).data?.needs_person === true;
  const { state, word } = cardState(task, personal);
  useTitle(task.title);
  const run = (verb: Verb) => (asks(verb) ? setAsking(verb) : act.mutate({ task, verb }));
  return (
    <div className="flex h-full min-w-0">
      <div className="flex h-full min-w-0 flex-1 flex-col">
        <header className="flex min-h-14 items-center gap-2 border-b border-line bg-panel px-2 py-1.5 desk:px-4">
          <Button asChild kind="quiet" size="icon">
            <Link to="/tasks" aria-label={m.back_to_board()}>
              <ChevronLeft />
            </Link>
          </Button>
          <div className="min-w-0 flex-1">
            <h1 className="truncate font-semibold desk:text-title" title={task.title}>
              {task.title}
            </h1>
            <p className="flex items-center gap-2 text-small text-soft">
              <Badge state={state}>{word}</Badge>
              {task.attempt > 1 && <span className="truncate">{m.task_try({ attempt: task.attempt, most: task.attempts_max })}</span>}
            </p>
          </div>
          <TaskActions task={task} busy={act.isPending} onVerb={run} className="max-desk:hidden" />
        </header>
        <div className="scroll min-h-0 flex-1">
          <div className="mx-auto flex max-w-200 flex-col gap-6 p-4 desk:p-6">
            <Standing task={task} question={question(task)} />
            <EvidenceView task={task} />
            <Wanted task={task} />
            <div className="wide:hidden">
              <Facts task={task} />
            </div>
            <Story entries={task.story} />
          </div>
        </div>
        <TaskActions task={task} busy={act.isPending} onVerb={run} className="border-t border-line bg-panel p-2 desk:hidden" wide />
      </div>
      <aside aria-label={m.context()} className="w-72 shrink-0 scroll border-l border-line bg-panel p-4 max-wide:hidden">
        <Facts task={task} />
      </aside>
      {asking !== undefined && (
        <Ask task={task} verb={asking} onClose={() => setAsking(undefined)} onDo={(text) => act.mutate({ task, verb: asking, text })} />
      )}
    </div>
  );
}

/** What was wanted, as the agent was told. */
function Wanted({ task }: { task: TaskDetail }) {
  if (task.description.trim() === "" && task.acceptance.trim() === "") return null;
  return (
    <Part title={m.task_wanted()}>
      <div className="flex flex-col gap-3 rounded-box border border-line bg-panel px-3 py-2.5">
        {task.description.trim() !== "" && <Markdown text={task.description} />}
        {task.acceptance.trim() !== "" && (
          <div>
            <h3 className="mb-1 text-small font-semibold text-soft">{m.task_acceptance()}</h3>
            <Markdown text={task.acceptance} />
          </div>
        )}
      </div>
    </Part>
  );
}
