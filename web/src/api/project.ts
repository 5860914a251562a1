import { queryOptions } from "@tanstack/react-query";
import { api, take } from "@/api/client";

export const projectsQuery = queryOptions({
  queryKey: ["projects"],
  queryFn: async () => (await take(api.GET("/api/v1/projects", { params: { query: { limit: 200 } } }))).items,
  staleTime: 30_000,
});
