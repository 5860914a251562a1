import { queryOptions } from "@tanstack/react-query";
import { api, take } from "@/api/client";

/** The hub's version, and how long its database took for a write. It fails when the database takes nothing. */
export const healthQuery = queryOptions({
  queryKey: ["health"],
  queryFn: () => take(api.GET("/api/v1/health")),
  staleTime: 0,
  refetchInterval: 10_000,
  retry: false,
});
