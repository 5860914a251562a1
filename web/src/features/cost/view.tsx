import { useQuery } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense } from "react";
import { budgetsQuery, type CostFilter, costsQuery, type Days, dayOf, filled } from "@/api/cost";
import { Day, Parked, SessionBudgets } from "@/features/cost/budget";
import { Sums } from "@/features/cost/sums";
import { money } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { Shown } from "@/ui/asked";
import { Choice, Select } from "@/ui/field";

const Chart = lazy(() => import("@/features/cost/chart"));

const DAYS = [7, 30, 90, 365] as const;
type Props = { filter: CostFilter; onFilter: (filter: CostFilter) => void };

const DAY_MS = 86_400_000;

/** What was spent, what may still be spent, and what waits because of a limit. */
export function CostView({ filter, onFilter }: Props) {
  const days = filter.days ?? 30;
  const by = filter.by ?? "agent";
  const now = Date.now();
  const from = dayOf(now - (days - 1) * DAY_MS);
  const daily = useQuery(costsQuery("day", from));
  const sums = useQuery(costsQuery(by, from));
  const budgets = useQuery(budgetsQuery);
  return (
    <div className="h-full scroll">
      <div className="mx-auto flex max-w-280 flex-col gap-6 p-4 desk:p-6">
        <div className="flex items-center justify-between gap-2">
          <h1 className="text-title font-semibold">{m.cost()}</h1>
          <Select
            className="w-auto"
            aria-label={m.cost_span()}
            value={days}
            onChange={(event) => onFilter({ ...filter, days: Number(event.target.value) as Days })}
          >
            {DAYS.map((one) => (
              <option key={one} value={one}>
                {m.days({ n: one })}
              </option>
            ))}
          </Select>
        </div>
        <div className="grid gap-4 desk:grid-cols-[minmax(0,1fr)_20rem]">
          <Part title={m.cost_per_day()}>
            <Shown query={daily} lines={6}>
              {(costs) => (
                <div className="rounded-box border border-line bg-panel p-3">
                  <p className="flex items-baseline gap-2">
                    <span className="text-[1.5rem] leading-8 font-semibold">{money(costs.total.cost_usd)}</span>
                    <span className="text-soft">{m.in_days({ n: days })}</span>
                  </p>
                  <Suspense fallback={<div className="h-44" />}>
                    <Chart days={filled(days, now, costs.items)} />
                  </Suspense>
                </div>
              )}
            </Shown>
          </Part>
          <Part title={m.today_utc()}>
            <Shown query={budgets} lines={4}>
              {(known) => <Day day={known.day} />}
            </Shown>
          </Part>
        </div>
        <Part title={m.cost_sums()}>
          <Choice
            rows
            label={m.cost_by()}
            value={by}
            onChange={(next) => onFilter({ ...filter, by: next })}
            options={[
              { value: "agent", label: m.agent() },
              { value: "project", label: m.project() },
              { value: "model", label: m.model() },
              { value: "task", label: m.task() },
              { value: "session", label: m.session() },
              { value: "day", label: m.day() },
            ]}
          />
          <Shown query={sums}>{(costs) => <Sums costs={costs} />}</Shown>
        </Part>
        {budgets.data !== undefined && (
          <>
            <Parked parked={budgets.data.parked} />
            <SessionBudgets sessions={budgets.data.sessions} />
          </>
        )}
      </div>
    </div>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="flex min-w-0 flex-col gap-2">
      <h2 className="text-small font-semibold text-soft">{title}</h2>
      {children}
    </section>
  );
}
