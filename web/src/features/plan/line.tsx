import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Plan } from "@/api/client";
import { projectsQuery } from "@/api/project";
import { goalLine, planMark, planWord } from "@/features/plan/state";
import { ago, moment, money } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { useNow } from "@/text/use";
import { Mark } from "@/ui/mark";

/** A plan in a list: state, goal, how far it is, what it cost. */
export function PlanLine({ plan }: { plan: Plan }) {
  const now = useNow(10_000);
  const project = useQuery(projectsQuery).data?.find((one) => one.id === plan.project)?.name ?? "";
  const at = Date.parse(plan.decided_at ?? plan.created_at);
  return (
    <Link
      to="/plans/$id"
      params={{ id: plan.id }}
      className="flex min-h-16 items-start gap-2.5 px-3 py-2.5 hover:bg-raised desk:min-h-14 desk:py-2"
    >
      <Mark state={planMark(plan.state)} className="mt-1 desk:mt-0.5" />
      <span className="min-w-0 flex-1">
        <span className="flex items-baseline gap-3">
          <span className="min-w-0 flex-1 truncate font-semibold">{goalLine(plan.goal)}</span>
          <time className="shrink-0 text-small text-soft" dateTime={plan.created_at} title={moment(at)}>
            {ago(at, now)}
          </time>
        </span>
        <span className="flex gap-3 text-small text-soft">
          <span className="min-w-0 flex-1 truncate">
            {planWord(plan.state)}
            {project !== "" && ` · ${project}`}
            {plan.tasks_total > 0 && ` · ${m.plan_progress({ done: plan.tasks_done, total: plan.tasks_total })}`}
          </span>
          <span className="shrink-0">{money(plan.cost_usd)}</span>
        </span>
      </span>
    </Link>
  );
}
