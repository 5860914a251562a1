import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronLeft } from "lucide-react";
import { approvalQuery, askedQuery, pendingQuery } from "@/api/approval";
import type { Approval } from "@/api/client";
import { ApprovalCard, verdictWord } from "@/features/approval/card";
import { gist } from "@/features/approval/gist";
import { spentWord } from "@/features/approval/spent";
import { ago, moment } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { useNow } from "@/text/use";
import { Shown } from "@/ui/asked";
import { Button } from "@/ui/button";
import { Mark } from "@/ui/mark";
import { Empty } from "@/ui/states";

/** What waits, whole; below it what was answered. */
export function Approvals() {
  const pending = useQuery(pendingQuery);
  const asked = useQuery(askedQuery);
  return (
    <div className="h-full scroll">
      <div className="page max-w-180 gap-3">
        <h1 className="text-title font-semibold">{m.approvals()}</h1>
        <Shown query={pending}>
          {(waiting) =>
            waiting.length === 0 ? (
              <Empty title={m.approvals_none()}>
                <p>{m.approvals_none_body()}</p>
              </Empty>
            ) : (
              waiting.map((one) => <ApprovalCard key={one.id} asked={one} />)
            )
          }
        </Shown>
        <Shown query={asked}>{(all) => <Answered answered={all.filter((one) => one.state !== "pending")} />}</Shown>
      </div>
    </div>
  );
}

function Answered({ answered }: { answered: Approval[] }) {
  const now = useNow();
  if (answered.length === 0) return null;
  return (
    <section className="mt-4">
      <h2 className="mb-1 text-small font-semibold text-soft">{m.answered()}</h2>
      <ul className="rounded-box border border-line bg-panel">
        {answered.map((one) => {
          const at = Date.parse(one.decided_at ?? one.created_at);
          return (
            <li key={one.id} className="border-b border-line last:border-0">
              <Link to="/approvals/$id" params={{ id: one.id }} className="control flex items-center gap-2 px-3 hover:bg-raised">
                <Mark state={one.state === "approved" ? "done" : one.state === "denied" ? "failed" : "lost"} />
                <span className="shrink-0">{verdictWord(one.state)}</span>
                {one.kind === "budget" ? (
                  <span className="min-w-0 flex-1 truncate text-soft">{spentWord(one.input) ?? m.budget_question()}</span>
                ) : (
                  <code className="min-w-0 flex-1 truncate text-soft">
                    {one.tool} {gist(one.input)}
                  </code>
                )}
                <time className="shrink-0 text-small text-soft" title={moment(at)}>
                  {ago(at, now)}
                </time>
              </Link>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** One question, whole. */
export function OneApproval({ id }: { id: string }) {
  const query = useQuery(approvalQuery(id));
  return (
    <div className="h-full scroll">
      <div className="page max-w-180 gap-3">
        <Button asChild kind="quiet" className="self-start pl-1">
          <Link to="/approvals">
            <ChevronLeft aria-hidden /> {m.approvals()}
          </Link>
        </Button>
        <Shown query={query}>{(asked) => <ApprovalCard asked={asked} />}</Shown>
      </div>
    </div>
  );
}
