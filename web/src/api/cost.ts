import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, type CostBy, take } from "@/api/client";

export type Days = 7 | 30 | 90 | 365;
/** What the address says: added up by what, and how many days back. */
export type CostFilter = { by?: CostBy | undefined; days?: Days | undefined };

/** Costs change with every turn, and nobody needs them to the second. */
const EVERY_MS = 30_000;

/** What was spent from one day to another, both in UTC. */
export function costsQuery(by: CostBy, from: string) {
  return queryOptions({
    queryKey: ["costs", by, from],
    queryFn: () => take(api.GET("/api/v1/costs", { params: { query: { by, from } } })),
    refetchInterval: EVERY_MS,
    placeholderData: keepPreviousData,
  });
}

/** What may still be spent, and what waits because of a limit. */
export const budgetsQuery = queryOptions({
  queryKey: ["budgets"],
  queryFn: () => take(api.GET("/api/v1/budgets")),
  refetchInterval: EVERY_MS,
});

/** What a day of the org may cost; nothing limits it when absent. */
export function limitDay(usd: number | null) {
  return take(api.PATCH("/api/v1/org", { body: { daily_budget_usd: usd } }));
}

const DAY_MS = 86_400_000;

/** A day as the hub writes it. Days are those of UTC, because budgets are. */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** The days up to today, the oldest first, each with what it cost. */
export function filled(
  days: number,
  now: number,
  costs: readonly { key?: string | null; cost_usd: number }[],
): [day: string, usd: number][] {
  const known = new Map(costs.map((one) => [one.key, one.cost_usd]));
  return Array.from({ length: days }, (_, at) => {
    const day = dayOf(now - (days - 1 - at) * DAY_MS);
    return [day, known.get(day) ?? 0];
  });
}
