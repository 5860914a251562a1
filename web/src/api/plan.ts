import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, type Driver, type NewTask, type Plan, type PlanDetail, take } from "@/api/client";

export type PlanFilter = { state?: "planning" | "proposed" | "accepted" | "rejected" | "failed" | "over" | undefined };

/** Plans, newest first. */
export function plansQuery(filter: PlanFilter) {
  return infiniteQueryOptions({
    queryKey: ["plans", filter],
    queryFn: ({ pageParam }) => {
      const query = { limit: 50, ...(filter.state && { state: filter.state }), ...(pageParam && { cursor: pageParam }) };
      return take(api.GET("/api/v1/plans", { params: { query } }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor,
  });
}

/** The newest plans, by which tasks are found. */
export const recentPlansQuery = queryOptions({
  queryKey: ["plans", "recent"],
  queryFn: async () => (await take(api.GET("/api/v1/plans", { params: { query: { limit: 50 } } }))).items,
});

/** Plans about which somebody must decide. */
export const proposedQuery = queryOptions({
  queryKey: ["plans", "proposed"],
  queryFn: async () => (await take(api.GET("/api/v1/plans", { params: { query: { state: "proposed", limit: 200 } } }))).items,
});

export function planQuery(id: string) {
  return queryOptions({
    queryKey: ["plan", id],
    queryFn: () => take(api.GET("/api/v1/plans/{id}", { params: { path: { id } } })),
    refetchInterval: 15_000,
  });
}

export function statePlan(
  body: { project: string; goal: string; agent?: string; driver?: Driver; budget_usd?: number },
  key: string,
): Promise<Plan> {
  return take(api.POST("/api/v1/plans", { body, params: { header: { "Idempotency-Key": key } } }));
}

export function decidePlan(id: string, decision: "accept" | "reject"): Promise<PlanDetail> {
  const params = { path: { id } };
  return decision === "accept"
    ? take(api.POST("/api/v1/plans/{id}/accept", { params }))
    : take(api.POST("/api/v1/plans/{id}/reject", { params }));
}

/** Other tasks instead of those that are proposed. */
export function replaceTasks(id: string, tasks: NewTask[]): Promise<PlanDetail> {
  return take(api.PUT("/api/v1/plans/{id}/tasks", { params: { path: { id } }, body: { tasks } }));
}
