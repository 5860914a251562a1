import { queryOptions } from "@tanstack/react-query";
import { api, take } from "@/api/client";

export const agentsQuery = queryOptions({
  queryKey: ["agents"],
  queryFn: async () => (await take(api.GET("/api/v1/agents"))).items,
  staleTime: 30_000,
});
