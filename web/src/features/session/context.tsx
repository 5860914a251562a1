import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Session } from "@/api/client";
import { nodesQuery } from "@/api/node";
import type { Parcel } from "@/api/outbox";
import { projectsQuery } from "@/api/project";
import { FilesChanged } from "@/features/session/changes";
import { Part } from "@/features/session/part";
import { Queue } from "@/features/session/queue";
import type { Transcript } from "@/features/session/store";
import { many, money } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { cn } from "@/ui/class";

type Props = { session: Session; transcript: Transcript; parcels: Parcel[]; allowed: boolean };

/** What stands around a session: its line, its files, the agent's plan, its place and its cost. */
export function Context({ session, transcript, parcels, allowed }: Props) {
  const { fold } = transcript;
  const nodes = useQuery(nodesQuery);
  const projects = useQuery(projectsQuery);
  const machine = nodes.data?.find((one) => one.id === session.place.node);
  const node = machine?.name ?? session.place.node;
  const project = projects.data?.find((one) => one.id === session.project)?.name ?? session.project;
  const used = session.tokens.input + session.tokens.cache_read + session.tokens.cache_write;
  return (
    <div className="flex flex-col gap-5">
      <Part title={m.queue()} count={fold.queue.length + parcels.length}>
        <Queue session={session.id} waiting={fold.queue} parcels={parcels} allowed={allowed} />
      </Part>
      {fold.plan.length > 0 && (
        <Part title={m.plan_of_agent()} count={fold.plan.length}>
          <ul className="flex flex-col gap-1">
            {fold.plan.map((step) => (
              <li
                key={step.text}
                className={cn(
                  "flex gap-2",
                  step.state === "completed" && "text-soft line-through",
                  step.state === "in_progress" && "font-semibold",
                )}
              >
                <span aria-hidden>{step.state === "completed" ? "✓" : step.state === "in_progress" ? "●" : "○"}</span>
                <span className="min-w-0 [overflow-wrap:anywhere]">{step.text}</span>
              </li>
            ))}
          </ul>
        </Part>
      )}
      <FilesChanged session={session} transcript={transcript} machine={machine?.state} />
      <Part title={m.about_session()}>
        <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 gap-y-1 text-small [&_dd]:[overflow-wrap:anywhere] [&_dt]:text-soft">
          <dt>{m.cost()}</dt>
          <dd>
            {session.budget_usd == null
              ? money(session.cost_usd)
              : m.cost_of({ cost: money(session.cost_usd), budget: money(session.budget_usd) })}
          </dd>
          <dt>{m.tokens_word()}</dt>
          <dd>{m.tokens({ read: many(used), written: many(session.tokens.output) })}</dd>
          <dt>{m.agent()}</dt>
          <dd>{[session.agent, fold.model].filter(Boolean).join(" · ")}</dd>
          <dt>{m.project()}</dt>
          <dd>{project}</dd>
          <dt>{m.node()}</dt>
          <dd>
            <Link to="/nodes" hash={session.place.node} className="underline decoration-edge underline-offset-2">
              {node}
            </Link>
          </dd>
          {session.task != null && (
            <>
              <dt>{m.task()}</dt>
              <dd>
                <Link to="/tasks/$id" params={{ id: session.task }} className="underline decoration-edge underline-offset-2">
                  {session.title}
                </Link>
              </dd>
            </>
          )}
          {session.place.branch != null && (
            <>
              <dt>{m.branch()}</dt>
              <dd>
                <code>{session.place.branch}</code>
              </dd>
            </>
          )}
          <dt>{m.worktree()}</dt>
          <dd>
            <code>{session.place.path}</code>
          </dd>
        </dl>
      </Part>
    </div>
  );
}
