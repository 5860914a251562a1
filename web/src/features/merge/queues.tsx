import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronLeft } from "lucide-react";
import { useState } from "react";
import { type Failure, freshKey, type MergeEntry, type MergeQueue } from "@/api/client";
import { may, meQuery } from "@/api/me";
import { leaveQueue, queuesQuery, tryMerge } from "@/api/merge";
import { projectsQuery } from "@/api/project";
import { sayingWord } from "@/api/saying";
import { TrialResult } from "@/features/merge/trial";
import { ago, clock, moment } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { useNow } from "@/text/use";
import { Shown } from "@/ui/asked";
import { Button } from "@/ui/button";
import { Badge, Mark } from "@/ui/mark";
import { Progress } from "@/ui/progress";
import { Empty } from "@/ui/states";
import { toast } from "@/ui/toast";

/** Changes on their way to their branches, in the order in which they are tried. */
export function MergeQueues() {
  const query = useQuery(queuesQuery);
  return (
    <div className="h-full scroll">
      <div className="mx-auto flex max-w-200 flex-col gap-5 p-4 desk:p-6">
        <div className="flex items-center gap-1">
          <Button asChild kind="quiet" size="icon" className="-ml-2">
            <Link to="/tasks" aria-label={m.back_to_board()}>
              <ChevronLeft />
            </Link>
          </Button>
          <h1 className="text-title font-semibold">{m.merge_queue()}</h1>
        </div>
        <Shown query={query}>
          {(queues) =>
            queues.length === 0 ? (
              <Empty title={m.merge_none()}>
                <p>{m.merge_none_body()}</p>
              </Empty>
            ) : (
              queues.map((queue) => <Queue key={`${queue.project} ${queue.target}`} queue={queue} />)
            )
          }
        </Shown>
      </div>
    </div>
  );
}

function Queue({ queue }: { queue: MergeQueue }) {
  const project = useQuery(projectsQuery).data?.find((one) => one.id === queue.project)?.name ?? queue.project;
  const allowed = may(useQuery(meQuery).data?.role, "operate");
  const [trial, setTrial] = useState<string>();
  const attempt = useMutation({
    mutationFn: () => tryMerge(queue.project, [], freshKey()),
    onSuccess: ({ job }) => setTrial(job),
    onError: (error: unknown) => toast((error as Failure).message),
  });
  return (
    <section aria-label={`${project} → ${queue.target}`} className="flex flex-col gap-2">
      <div className="flex items-center gap-2">
        <h2 className="min-w-0 flex-1 truncate font-semibold">
          {project} <span className="text-soft">→</span> <code>{queue.target}</code>
        </h2>
        {allowed && (
          <Button disabled={attempt.isPending} onClick={() => attempt.mutate()}>
            {m.merge_dry_run()}
          </Button>
        )}
      </div>
      {queue.why != null && (
        <p className="flex items-start gap-2 rounded-box border border-parked bg-panel px-3 py-2">
          <Mark state="parked" className="mt-0.5" />
          <span className="min-w-0 [overflow-wrap:anywhere]">
            {sayingWord(queue.saying, queue.why)}
            {queue.again_at != null && <span className="text-soft"> {m.merge_again({ time: clock(Date.parse(queue.again_at)) })}</span>}
          </span>
        </p>
      )}
      {queue.progress != null && <Progress progress={queue.progress} />}
      {trial !== undefined && <TrialResult job={trial} target={queue.target} onClose={() => setTrial(undefined)} />}
      <ol className="rounded-box border border-line bg-panel">
        {queue.entries.map((entry) => (
          <Entry key={`${entry.task} ${entry.head}`} entry={entry} allowed={allowed} />
        ))}
      </ol>
    </section>
  );
}

function Entry({ entry, allowed }: { entry: MergeEntry; allowed: boolean }) {
  const now = useNow();
  const queries = useQueryClient();
  const at = Date.parse(entry.entered_at);
  const leave = useMutation({
    mutationFn: () => leaveQueue(entry.task),
    onSuccess: () => toast(m.merge_left({ title: entry.title })),
    onError: (error: unknown) => toast((error as Failure).message),
    onSettled: () => {
      for (const key of ["merge-queue", "tasks", "task"]) void queries.invalidateQueries({ queryKey: [key] });
    },
  });
  return (
    <li className="flex min-h-14 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-3 py-2 last:border-0">
      <span className="w-6 shrink-0 text-right font-semibold text-soft">{entry.place}</span>
      <div className="min-w-0 flex-1 basis-56">
        <Link
          to="/tasks/$id"
          params={{ id: entry.task }}
          className="block font-semibold underline decoration-transparent underline-offset-2 [overflow-wrap:anywhere] hover:decoration-edge"
        >
          {entry.title}
        </Link>
        <p className="flex gap-2 text-small text-soft">
          <code className="truncate" title={entry.branch}>
            {entry.branch}
          </code>
          <code className="shrink-0">{entry.head.slice(0, 10)}</code>
          <time className="shrink-0" title={moment(at)}>
            {ago(at, now)}
          </time>
        </p>
      </div>
      <Badge state={STATE[entry.standing]}>{standingWord(entry.standing)}</Badge>
      {allowed && entry.standing === "waiting" && (
        <Button kind="quiet" disabled={leave.isPending} onClick={() => leave.mutate()}>
          {m.merge_leave()}
        </Button>
      )}
    </li>
  );
}

const STATE = { waiting: "queued", tried: "working", leaving: "lost" } as const;

function standingWord(standing: MergeEntry["standing"]): string {
  return { waiting: m.merge_waiting, tried: m.merge_being_tried, leaving: m.merge_leaving }[standing]();
}
