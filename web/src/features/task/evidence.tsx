import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Evidence, TaskDetail } from "@/api/client";
import { Checks } from "@/features/task/check";
import { Part } from "@/features/task/part";
import { ago, count, moment } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { useNow } from "@/text/use";
import { Mark } from "@/ui/mark";

/** Files that are listed before one opens the change. */
const FILES = 12;

/** What was proved, by whom: the change, its checks, what was judged, and the checks of the merged tree. */
export function EvidenceView({ task }: { task: TaskDetail }) {
  const { evidence } = task;
  const nothing = evidence.change == null && evidence.ran.length === 0 && evidence.verdicts.length === 0;
  if (nothing) return null;
  return (
    <div className="flex flex-col gap-6">
      {evidence.change != null && evidence.change.files_total > 0 && <ChangeView task={task} change={evidence.change} />}
      {evidence.ran.length > 0 && (
        <Part title={m.checks()}>
          <Checks ran={evidence.ran} job={evidence.job ?? undefined} />
        </Part>
      )}
      {evidence.verdicts.length > 0 && (
        <Part title={m.verdicts()}>
          <Lines>
            {evidence.verdicts.map((verdict) => (
              <VerdictLine key={`${verdict.at}${verdict.by}`} verdict={verdict} />
            ))}
          </Lines>
        </Part>
      )}
      {evidence.merge_ran.length > 0 && (
        <Part title={m.merge_checks()}>
          <Checks ran={evidence.merge_ran} job={evidence.merge_job ?? undefined} />
        </Part>
      )}
    </div>
  );
}

function Lines({ children }: { children: ReactNode }) {
  return (
    <ul className="rounded-box border border-line bg-panel [&>li]:border-b [&>li]:border-line [&>li:last-child]:border-0">{children}</ul>
  );
}

function ChangeView({ task, change }: { task: TaskDetail; change: NonNullable<Evidence["change"]> }) {
  const more = change.files_total - Math.min(FILES, change.files.length);
  return (
    <Part
      title={m.change()}
      beside={
        <Link to="/tasks/$id/review" params={{ id: task.id }} className="font-normal text-ink underline decoration-edge underline-offset-2">
          {m.read_change()}
        </Link>
      }
    >
      <div className="rounded-box border border-line bg-panel">
        <p className="flex flex-wrap gap-x-3 border-b border-line px-3 py-2">
          <span>{m.in_files({ n: change.files_total })}</span>
          <Tally added={change.added} deleted={change.deleted} />
          <span className="text-soft">{m.commits({ n: change.commits.length })}</span>
        </p>
        <ul className="px-3 py-1.5 text-small">
          {change.files.slice(0, FILES).map((file) => (
            <li key={file.path} className="flex gap-3 py-0.5">
              <code className="min-w-0 flex-1 truncate" title={file.path}>
                {file.path}
              </code>
              {file.added == null || file.deleted == null ? (
                <span className="text-soft">{m.no_text()}</span>
              ) : (
                <Tally added={file.added} deleted={file.deleted} />
              )}
            </li>
          ))}
          {more > 0 && <li className="py-0.5 text-soft">{m.more_files({ n: more })}</li>}
        </ul>
      </div>
    </Part>
  );
}

export function Tally({ added, deleted }: { added: number; deleted: number }) {
  return (
    <span className="shrink-0 font-mono text-small whitespace-nowrap">
      <span className="text-done">+{count(added)}</span> <span className="text-failed">−{count(deleted)}</span>
    </span>
  );
}

function VerdictLine({ verdict }: { verdict: Evidence["verdicts"][number] }) {
  const now = useNow();
  const at = Date.parse(verdict.at);
  return (
    <li className="flex gap-2.5 px-3 py-2">
      <Mark state={verdict.approved ? "done" : "failed"} className="mt-0.5" />
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap gap-x-2">
          <span className="font-semibold">{verdict.by}</span>
          <span>{verdict.approved ? m.verdict_approves() : m.verdict_asks()}</span>
          <code className="text-soft">{verdict.head.slice(0, 10)}</code>
          {verdict.stale && <span className="text-soft">{m.verdict_stale()}</span>}
          <time className="ml-auto text-small text-soft" title={moment(at)}>
            {ago(at, now)}
          </time>
        </p>
        {verdict.words != null && <p className="mt-0.5 text-soft [overflow-wrap:anywhere]">{verdict.words}</p>}
      </div>
    </li>
  );
}
