import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, take } from "@/api/client";

/** Sessions, tasks and plans that have all the words. */
export function searchQuery(words: string) {
  return queryOptions({
    queryKey: ["search", words],
    queryFn: async () => (await take(api.GET("/api/v1/search", { params: { query: { q: words } } }))).items,
    enabled: words !== "",
    staleTime: 10_000,
    placeholderData: keepPreviousData,
  });
}
