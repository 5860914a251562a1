import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import type { JobOutcome, Ran } from "@/api/client";
import { jobQuery } from "@/api/job";
import { sayingWord } from "@/api/saying";
import { m } from "@/text/gen/messages.js";
import { Shown } from "@/ui/asked";
import { Button } from "@/ui/button";
import { Mark, type State } from "@/ui/mark";
import { Progress } from "@/ui/progress";

/** What a merge that is only tried would do. Nothing moves. */
export function TrialResult({ job, target, onClose }: { job: string; target: string; onClose: () => void }) {
  const query = useQuery(jobQuery(job));
  return (
    <section aria-label={m.merge_dry_run()} className="rounded-box border border-accent bg-panel">
      <div className="flex items-center gap-2 pl-3">
        <h3 className="flex-1 font-semibold">{m.merge_dry_run()}</h3>
        <Button kind="quiet" size="icon" aria-label={m.close()} onClick={onClose}>
          <X />
        </Button>
      </div>
      <div className="px-3 pb-3">
        <Shown query={query} lines={2}>
          {(found) =>
            found.outcome != null ? (
              <Outcome outcome={found.outcome} target={target} />
            ) : found.ended_at == null ? (
              <>
                <Line state="working">{m.merge_trying()}</Line>
                {found.progress != null && (
                  <div className="mt-1 pl-6">
                    <Progress progress={found.progress} />
                  </div>
                )}
              </>
            ) : (
              <Line state="lost">{m.merge_trial_dropped()}</Line>
            )
          }
        </Shown>
      </div>
    </section>
  );
}

function Line({ state, children }: { state: State; children: ReactNode }) {
  return (
    <p className="flex items-start gap-2">
      <Mark state={state} className="mt-0.5" />
      <span className="min-w-0 [overflow-wrap:anywhere]">{children}</span>
    </p>
  );
}

function Outcome({ outcome, target }: { outcome: JobOutcome; target: string }) {
  if ("impossible" in outcome) return <Line state="failed">{outcome.impossible}</Line>;
  if (!("merged" in outcome)) return null;
  const { merged } = outcome;
  if ("waits" in merged) return <Line state="parked">{sayingWord(merged.waits, "")}</Line>;
  if ("conflict" in merged) {
    return (
      <>
        <Line state="failed">{m.merge_would_conflict()}</Line>
        <ul className="mt-1 pl-6 text-small">
          {merged.conflict.files.map((file) => (
            <li key={file}>
              <code>{file}</code>
            </li>
          ))}
        </ul>
      </>
    );
  }
  if ("red" in merged) {
    return (
      <>
        <Line state="failed">{m.merge_would_fail()}</Line>
        <Commands ran={merged.red.ran} />
      </>
    );
  }
  const commits = merged.landed.commits.flat();
  return (
    <>
      <Line state="done">{m.merge_would_land({ n: commits.length, target })}</Line>
      <ul className="mt-1 pl-6 text-small text-soft">
        {commits.map((commit) => (
          <li key={commit.id} className="truncate">
            <code>{commit.id.slice(0, 10)}</code> {commit.title}
          </li>
        ))}
      </ul>
      <Commands ran={merged.landed.ran} />
    </>
  );
}

function Commands({ ran }: { ran: readonly Ran[] }) {
  return (
    <ul className="mt-1 pl-6 text-small">
      {ran.map((one) => {
        const green = typeof one.exit === "object" && "code" in one.exit && one.exit.code === 0;
        return (
          <li key={one.name}>
            <p className="flex items-center gap-1.5">
              <Mark state={green ? "done" : "failed"} named className="size-3.5" />
              <span className="font-semibold">{one.name}</span>
              <code className="min-w-0 truncate text-soft">{one.command}</code>
            </p>
            {!green && one.tail.trim() !== "" && (
              <pre
                tabIndex={0}
                className="mt-1 max-h-60 scroll rounded-box bg-sunken px-2.5 py-2 whitespace-pre-wrap [overflow-wrap:anywhere]"
              >
                {one.tail}
              </pre>
            )}
          </li>
        );
      })}
    </ul>
  );
}
