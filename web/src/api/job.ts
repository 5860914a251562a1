import { queryOptions } from "@tanstack/react-query";
import { api, take } from "@/api/client";

/** A job is asked for while it goes on: nothing tells of it. */
const AGAIN_MS = 1_000;

export function jobQuery(id: string | undefined) {
  return queryOptions({
    queryKey: ["job", id],
    queryFn: () => take(api.GET("/api/v1/jobs/{id}", { params: { path: { id: id ?? "" } } })),
    enabled: id !== undefined,
    refetchInterval: (query) => (query.state.data?.ended_at == null ? AGAIN_MS : false),
  });
}

/** What a command of a job printed, whole, from the machine that keeps it. */
export function outputQuery(job: string, check: string, wanted: boolean) {
  return queryOptions({
    queryKey: ["output", job, check],
    queryFn: () =>
      take(
        api.GET("/api/v1/jobs/{id}/output", { params: { path: { id: job }, query: { check } }, parseAs: "text" }) as Promise<{
          data?: string;
          error?: unknown;
          response: Response;
        }>,
      ),
    enabled: wanted,
    staleTime: Number.POSITIVE_INFINITY,
  });
}
