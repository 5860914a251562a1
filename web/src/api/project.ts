import { queryOptions } from "@tanstack/react-query";
import { api, take } from "@/api/client";

export const projectsQuery = queryOptions({
  queryKey: ["projects"],
  queryFn: async () => (await take(api.GET("/api/v1/projects", { params: { query: { limit: 200 } } }))).items,
  staleTime: 30_000,
});

/** What holds for a project: its checks, its agents, and whether a person must approve each change. */
export function settingsQuery(id: string) {
  return queryOptions({
    queryKey: ["settings", id],
    queryFn: () => take(api.GET("/api/v1/projects/{id}/settings", { params: { path: { id } } })),
    staleTime: 30_000,
  });
}
