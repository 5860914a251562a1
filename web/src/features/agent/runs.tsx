import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronRight } from "lucide-react";
import type { Run } from "@/api/client";
import { projectsQuery } from "@/api/project";
import { runQuery, runsQuery } from "@/api/run";
import { sayingWord } from "@/api/saying";
import { ago, duration, moment, money } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { useNow } from "@/text/use";
import { Shown } from "@/ui/asked";
import { Button } from "@/ui/button";
import { cn } from "@/ui/class";
import { Mark, type State } from "@/ui/mark";
import { Command } from "@/ui/states";

const STATE: Record<Run["status"], State> = {
  running: "working",
  succeeded: "done",
  failed: "failed",
  cancelled: "lost",
  invalid: "failed",
};

function statusWord(status: Run["status"]): string {
  return {
    running: m.state_working,
    succeeded: m.outcome_succeeded,
    failed: m.outcome_failed,
    cancelled: m.outcome_cancelled,
    invalid: m.run_invalid,
  }[status]();
}

/** What this role was asked, and what came of it. The one in the address is open. */
export function Runs({
  agent,
  chosen,
  onChoose,
}: {
  agent: string;
  chosen: string | undefined;
  onChoose: (run: string | undefined) => void;
}) {
  const query = useInfiniteQuery(runsQuery(agent));
  return (
    <section className="flex flex-col gap-2">
      <h2 className="text-small font-semibold text-soft">{m.runs()}</h2>
      <Shown query={query} lines={3}>
        {(data) => {
          const runs = data.pages.flatMap((page) => page.items);
          if (runs.length === 0) {
            return (
              <div className="flex flex-col gap-2 text-soft">
                <p>{m.runs_none()}</p>
                <Command>{`fugue agent run ${agent} "…"`}</Command>
              </div>
            );
          }
          return (
            <>
              <ul className="overflow-hidden rounded-box border border-line bg-panel">
                {runs.map((run) => (
                  <li key={run.id} className="border-b border-line last:border-0">
                    <RunLine run={run} open={run.id === chosen} onToggle={() => onChoose(run.id === chosen ? undefined : run.id)} />
                    {run.id === chosen && <RunResult id={run.id} />}
                  </li>
                ))}
              </ul>
              {query.hasNextPage && (
                <Button className="self-start" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                  {m.earlier()}
                </Button>
              )}
            </>
          );
        }}
      </Shown>
    </section>
  );
}

function RunLine({ run, open, onToggle }: { run: Run; open: boolean; onToggle: () => void }) {
  const now = useNow();
  const begun = Date.parse(run.created_at);
  return (
    <button
      type="button"
      aria-expanded={open}
      onClick={onToggle}
      className="flex min-h-16 w-full items-start gap-2.5 px-3 py-2 text-left hover:bg-raised focus-visible:-outline-offset-2 desk:min-h-14"
    >
      <Mark state={STATE[run.status]} className="mt-1 desk:mt-0.5" />
      <span className="min-w-0 flex-1">
        <span className="block truncate font-semibold">{run.text.trim().split("\n")[0]}</span>
        <span className="flex gap-2 text-small text-soft">
          <span className="min-w-0 flex-1 truncate">
            {statusWord(run.status)}
            {run.summary != null && ` · ${sayingWord(run.saying, run.summary)}`}
          </span>
          <span className="shrink-0">{money(run.cost_usd)}</span>
          <time dateTime={run.created_at} title={moment(begun)} className="shrink-0">
            {ago(begun, now)}
          </time>
        </span>
      </span>
      <ChevronRight aria-hidden className={cn("mt-1 size-4 shrink-0 text-faint desk:mt-0.5", open && "rotate-90")} />
    </button>
  );
}

/** The whole run: what was asked, what came of it, and where it happened. */
function RunResult({ id }: { id: string }) {
  const query = useQuery(runQuery(id));
  const projects = useQuery(projectsQuery);
  return (
    <div className="border-t border-line bg-ground p-3">
      <Shown query={query} lines={3}>
        {(run) => (
          <div className="flex flex-col gap-3">
            <p className="whitespace-pre-wrap [overflow-wrap:anywhere]">{run.text}</p>
            {run.summary != null && run.summary !== run.reasons[0] && (
              <p className="font-semibold [overflow-wrap:anywhere]">{run.summary}</p>
            )}
            {run.reasons.length > 0 && (
              <ul className="list-disc pl-5 text-soft">
                {run.reasons.map((reason, at) => (
                  <li key={reason} className="[overflow-wrap:anywhere]">
                    {at === 0 ? sayingWord(run.saying, reason) : reason}
                  </li>
                ))}
              </ul>
            )}
            {run.result != null && (
              <pre
                tabIndex={0}
                className="scroll max-h-100 overflow-x-auto rounded-box border border-line bg-sunken p-3 text-small whitespace-pre-wrap [overflow-wrap:anywhere]"
              >
                {JSON.stringify(run.result, null, 2)}
              </pre>
            )}
            <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-0.5 text-small [&_dt]:text-soft">
              <dt>{m.project()}</dt>
              <dd>{projects.data?.find((one) => one.id === run.project)?.name ?? run.repository}</dd>
              <dt>{m.driver()}</dt>
              <dd>{run.driver}</dd>
              {run.started_at != null && (
                <>
                  <dt>{m.took()}</dt>
                  <dd>{duration((run.ended_at == null ? Date.now() : Date.parse(run.ended_at)) - Date.parse(run.started_at))}</dd>
                </>
              )}
            </dl>
            <Button asChild className="self-start">
              <Link to="/sessions/$id" params={{ id: run.session }}>
                {m.open_its_session()}
              </Link>
            </Button>
          </div>
        )}
      </Shown>
    </div>
  );
}
