import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronLeft, Plus } from "lucide-react";
import { type PlanFilter, plansQuery } from "@/api/plan";
import { PlanLine } from "@/features/plan/line";
import { planWord } from "@/features/plan/state";
import { m } from "@/text/gen/messages.js";
import { Shown } from "@/ui/asked";
import { Button } from "@/ui/button";
import { Select } from "@/ui/field";
import { Command, Empty } from "@/ui/states";

const STATES = ["proposed", "planning", "accepted", "over", "failed", "rejected"] as const;
type Props = { filter: PlanFilter; onFilter: (filter: PlanFilter) => void };

/** All plans, newest first. */
export function Plans({ filter, onFilter }: Props) {
  const query = useInfiniteQuery(plansQuery(filter));
  return (
    <div className="h-full scroll">
      <div className="mx-auto flex max-w-200 flex-col gap-3 p-4 desk:p-6">
        <div className="flex flex-wrap items-center gap-2">
          <Button asChild kind="quiet" size="icon" className="-ml-2">
            <Link to="/tasks" aria-label={m.back_to_board()}>
              <ChevronLeft />
            </Link>
          </Button>
          <h1 className="flex-1 text-title font-semibold">{m.plans()}</h1>
          <Select
            className="max-desk:order-last desk:w-auto"
            aria-label={m.filter_plans()}
            value={filter.state ?? ""}
            onChange={(event) => onFilter({ state: (event.target.value || undefined) as PlanFilter["state"] })}
          >
            <option value="">{m.filter_all()}</option>
            {STATES.map((state) => (
              <option key={state} value={state}>
                {planWord(state)}
              </option>
            ))}
          </Select>
          <Button asChild kind="primary">
            <Link to="/plans/new">
              <Plus aria-hidden /> {m.new_plan()}
            </Link>
          </Button>
        </div>
        <Shown query={query}>
          {(data) => {
            const plans = data.pages.flatMap((page) => page.items);
            if (plans.length === 0) return <Nothing filtered={filter.state !== undefined} />;
            return (
              <>
                <ul className="overflow-hidden rounded-box border border-line bg-panel">
                  {plans.map((plan) => (
                    <li key={plan.id} className="border-b border-line last:border-0">
                      <PlanLine plan={plan} />
                    </li>
                  ))}
                </ul>
                {query.hasNextPage && (
                  <Button className="self-center" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                    {m.earlier()}
                  </Button>
                )}
              </>
            );
          }}
        </Shown>
      </div>
    </div>
  );
}

function Nothing({ filtered }: { filtered: boolean }) {
  if (filtered) return <Empty title={m.plans_none_found()} />;
  return (
    <Empty title={m.plans_none()}>
      <p>{m.plans_none_body()}</p>
      <Command>{'fugue plan "Let people log in with a passkey"'}</Command>
    </Empty>
  );
}
