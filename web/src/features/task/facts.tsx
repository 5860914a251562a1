import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { TaskBrief, TaskDetail } from "@/api/client";
import { nodesQuery } from "@/api/node";
import { projectsQuery } from "@/api/project";
import { Part } from "@/features/task/part";
import { TaskLink } from "@/features/task/standing";
import { count, moment, money } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { Mark } from "@/ui/mark";
import { taskMark } from "@/ui/task-state";

/** What stands around a task: who, where, what it costs, and what it hangs together with. */
export function Facts({ task }: { task: TaskDetail }) {
  const node = useQuery(nodesQuery).data?.find((one) => one.id === task.node)?.name ?? task.node;
  const project = useQuery(projectsQuery).data?.find((one) => one.id === task.project)?.name ?? task.project;
  return (
    <div className="flex flex-col gap-5">
      <Part title={m.about_task()}>
        <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 gap-y-1 text-small [&_dt]:text-soft">
          <Fact name={m.cost()}>
            {task.budget_usd == null ? money(task.cost_usd) : m.cost_of({ cost: money(task.cost_usd), budget: money(task.budget_usd) })}
          </Fact>
          <Fact name={m.agent()}>{[task.agent ?? m.agent_of_project(), task.driver].filter(Boolean).join(" · ")}</Fact>
          <Fact name={m.project()}>{project}</Fact>
          {task.plan != null && (
            <Fact name={m.plan()}>
              <Link to="/plans/$id" params={{ id: task.plan }} className="underline decoration-edge underline-offset-2">
                {m.open_plan()}
              </Link>
            </Fact>
          )}
          {node != null && (
            <Fact name={m.node()}>
              <Link to="/nodes" hash={task.node ?? ""} className="underline decoration-edge underline-offset-2">
                {node}
              </Link>
            </Fact>
          )}
          {task.branch != null && (
            <Fact name={m.branch()}>
              <code className="[overflow-wrap:anywhere]">{task.branch}</code>
            </Fact>
          )}
          {task.head != null && (
            <Fact name={m.commit()}>
              <code>{task.head.slice(0, 10)}</code>
            </Fact>
          )}
          <Fact name={m.task_priority()}>{count(task.priority)}</Fact>
          <Fact name={m.written_down()}>{moment(Date.parse(task.created_at))}</Fact>
        </dl>
      </Part>
      {task.labels.length > 0 && (
        <Part title={m.labels()}>
          <ul className="flex flex-wrap gap-1.5">
            {task.labels.map((label) => (
              <li key={label}>
                <Link to="/tasks" search={{ label }} className="rounded-mark bg-raised px-1.5 py-0.5 text-small hover:bg-accent-tint">
                  {label}
                </Link>
              </li>
            ))}
          </ul>
        </Part>
      )}
      {task.blocked_by.length > 0 && <Others title={m.task_waits_for()} tasks={task.blocked_by} />}
      {task.blocks.length > 0 && <Others title={m.task_blocks()} tasks={task.blocks} />}
      {task.paths.length > 0 && <Words title={m.task_paths()} words={task.paths} />}
      {task.links.length > 0 && <Words title={m.task_links()} words={task.links} />}
      {task.sessions.length > 0 && (
        <Part title={m.sessions()}>
          <ul className="flex flex-col text-small">
            {task.sessions.map((session) => (
              <li key={session.id} className="flex min-h-6 items-center gap-2 pointer-coarse:min-h-11">
                <Link
                  to="/sessions/$id"
                  params={{ id: session.id }}
                  className="min-w-0 flex-1 truncate underline decoration-edge underline-offset-2"
                >
                  {session.agent}
                </Link>
                <span className="text-soft">{money(session.cost_usd)}</span>
              </li>
            ))}
          </ul>
        </Part>
      )}
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </>
  );
}

function Others({ title, tasks }: { title: string; tasks: TaskBrief[] }) {
  return (
    <Part title={title}>
      <ul className="flex flex-col text-small">
        {tasks.map((other) => (
          <li key={other.id} className="flex min-h-6 items-center gap-1.5">
            <Mark state={taskMark(other.state)} named className="size-3.5" />
            <TaskLink id={other.id}>{other.title}</TaskLink>
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Words({ title, words }: { title: string; words: string[] }) {
  return (
    <Part title={title}>
      <ul className="flex flex-col gap-0.5 text-small">
        {words.map((word) => (
          <li key={word}>
            <code className="[overflow-wrap:anywhere]">{word}</code>
          </li>
        ))}
      </ul>
    </Part>
  );
}
