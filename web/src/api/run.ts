import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, type Run, take } from "@/api/client";

/** A run that works is looked at again; runs have no hint of their own. */
const EVERY_MS = 3_000;

/** The runs of an agent, newest first, without their results. */
export function runsQuery(agent: string) {
  return infiniteQueryOptions({
    queryKey: ["runs", agent],
    queryFn: ({ pageParam }) =>
      take(api.GET("/api/v1/runs", { params: { query: { type: agent, limit: 50, ...(pageParam && { cursor: pageParam }) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: ({ state }) => (state.data?.pages[0]?.items.some((run) => run.status === "running") ? EVERY_MS : false),
  });
}

export function runQuery(id: string) {
  return queryOptions({
    queryKey: ["run", id],
    queryFn: () => take(api.GET("/api/v1/runs/{id}", { params: { path: { id } } })),
    refetchInterval: ({ state }) => (state.data?.status === "running" ? EVERY_MS : false),
  });
}

export function startRun(agent: string, body: { project: string; text: string }, key: string): Promise<Run> {
  return take(api.POST("/api/v1/agents/{name}/runs", { params: { path: { name: agent }, header: { "Idempotency-Key": key } }, body }));
}
