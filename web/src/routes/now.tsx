import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import type { ReactNode } from "react";
import { pendingQuery } from "@/api/approval";
import type { Session } from "@/api/client";
import { queries } from "@/api/live";
import { meQuery } from "@/api/me";
import { useNeeding } from "@/api/needing";
import { nodesQuery } from "@/api/node";
import { proposedQuery } from "@/api/plan";
import { projectsQuery } from "@/api/project";
import { recentQuery } from "@/api/session";
import { needingQuery, provingQuery, reviewingQuery } from "@/api/task";
import { ApprovalCard } from "@/features/approval/card";
import { SilentNodes } from "@/features/node/silent";
import { PlanLine } from "@/features/plan/line";
import { SessionLine } from "@/features/session/line";
import { MovingLine } from "@/features/session/moving";
import { NeedingLine, ProvingLine } from "@/features/task/line";
import { m } from "@/text/gen/messages.js";
import { Shown } from "@/ui/asked";
import { Button } from "@/ui/button";
import { Command, Empty } from "@/ui/states";
import { useTitle } from "@/ui/title";

/** Sessions of one part that are shown before the list says the rest. */
const SHOWN = 12;

/** Asks for what is shown before there is anything to show it in. */
export function askForNow(): void {
  void queries.prefetchQuery(recentQuery);
  void queries.prefetchQuery(pendingQuery);
  void queries.prefetchQuery(needingQuery);
  void queries.prefetchQuery(reviewingQuery);
  void queries.prefetchQuery(proposedQuery);
  void queries.prefetchQuery(provingQuery);
  void queries.prefetchQuery(nodesQuery);
  void queries.prefetchQuery(meQuery);
}

/** Does anything need me? Is everything moving? What came out? */
export function NowRoute() {
  const pending = useQuery(pendingQuery);
  const recent = useQuery(recentQuery);
  const work = useNeeding();
  useTitle(m.now());
  return (
    <div className="h-full scroll">
      <div className="page max-w-180 gap-5">
        <div className="flex items-center justify-between gap-2">
          <h1 className="text-title font-semibold">{m.now()}</h1>
          {recent.data?.length !== 0 && (
            <Button asChild kind="plain">
              <Link to="/sessions/new">
                <Plus aria-hidden /> {m.new_session()}
              </Link>
            </Button>
          )}
        </div>
        <SilentNodes />
        <Shown query={pending} lines={2}>
          {(waiting) =>
            waiting.length + work.count === 0 ? null : (
              <Part title={m.needs_you()} count={waiting.length + work.count}>
                <div className="flex flex-col gap-3">
                  {waiting.map((one) => (
                    <ApprovalCard key={one.id} asked={one} />
                  ))}
                  {work.count > 0 && (
                    <Lines>
                      {[
                        ...work.plans.map((plan) => <PlanLine key={plan.id} plan={plan} />),
                        ...work.tasks.slice(0, SHOWN).map((task) => <NeedingLine key={task.id} task={task} />),
                      ]}
                    </Lines>
                  )}
                </div>
              </Part>
            )
          }
        </Shown>
        <Shown query={recent}>
          {(sessions) => <Sessions sessions={sessions} nothing={pending.data?.length === 0 && work.count === 0} />}
        </Shown>
      </div>
    </div>
  );
}

function Sessions({ sessions, nothing }: { sessions: Session[]; nothing: boolean }) {
  const proving = useQuery(provingQuery).data ?? [];
  const midnight = new Date().setHours(0, 0, 0, 0);
  const moving = sessions.filter((one) => one.state === "busy" || one.state === "parked");
  const ended = sessions.filter((one) => (one.state === "idle" || one.state === "closed") && Date.parse(one.updated_at) >= midnight);
  ended.sort((one, other) => other.updated_at.localeCompare(one.updated_at));
  if (sessions.length === 0) return <First />;
  return (
    <>
      {moving.length + proving.length === 0 && nothing && <p className="text-soft">{m.all_quiet()}</p>}
      {moving.length + proving.length > 0 && (
        <Part title={m.moving()} count={moving.length + proving.length}>
          <Lines>
            {[
              ...moving.slice(0, SHOWN).map((one) => <MovingLine key={one.id} session={one} />),
              ...proving.slice(0, SHOWN).map((task) => <ProvingLine key={task.id} task={task} />),
            ]}
          </Lines>
        </Part>
      )}
      {ended.length > 0 && (
        <Part title={m.ended_today()} count={ended.length}>
          <Lines>
            {ended.slice(0, SHOWN).map((one) => (
              <SessionLine key={one.id} session={one} />
            ))}
          </Lines>
        </Part>
      )}
      {(moving.length > SHOWN || ended.length > SHOWN || ended.length + moving.length === 0) && (
        <Button asChild kind="quiet" className="self-start">
          <Link to="/sessions">{m.all_sessions()}</Link>
        </Button>
      )}
    </>
  );
}

/** Nothing yet: what to do first. */
function First() {
  const projects = useQuery(projectsQuery);
  return (
    <Empty title={m.first_title()}>
      {projects.data?.length === 0 ? (
        <>
          <p>{m.projects_none_body()}</p>
          <Command>fugue project add PATH</Command>
        </>
      ) : (
        <>
          <p>{m.first_body()}</p>
          <Button asChild kind="primary">
            <Link to="/sessions/new">
              <Plus aria-hidden /> {m.new_session()}
            </Link>
          </Button>
        </>
      )}
    </Empty>
  );
}

function Part({ title, count, children }: { title: string; count: number; children: ReactNode }) {
  return (
    <section>
      <h2 className="mb-1.5 flex justify-between text-small font-semibold text-soft">
        <span>{title}</span>
        <span>{count}</span>
      </h2>
      {children}
    </section>
  );
}

function Lines({ children }: { children: ReactNode[] }) {
  return (
    <ul className="overflow-hidden rounded-box border border-line bg-panel [&>li]:border-b [&>li]:border-line [&>li:last-child]:border-0 [&>li>a]:border-0">
      {children.map((child, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the line itself has its key
        <li key={at}>{child}</li>
      ))}
    </ul>
  );
}
