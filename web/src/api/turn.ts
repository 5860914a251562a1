import { queryOptions } from "@tanstack/react-query";
import { api, take } from "@/api/client";

export function turnQuery(id: string | null | undefined) {
  return queryOptions({
    queryKey: ["turn", id],
    queryFn: () => take(api.GET("/api/v1/turns/{id}", { params: { path: { id: id ?? "" } } })),
    enabled: id != null,
  });
}

export function interruptTurn(id: string) {
  return take(api.POST("/api/v1/turns/{id}/interrupt", { params: { path: { id } } }));
}

export function resumeTurn(id: string) {
  return take(api.POST("/api/v1/turns/{id}/resume", { params: { path: { id } } }));
}

/** How the last turn of a session ended, as of the session's last change. */
export function lastTurnQuery(session: string, updated: string, wanted: boolean) {
  return queryOptions({
    queryKey: ["last-turn", session, updated],
    queryFn: async () => {
      const params = { path: { id: session }, query: { limit: 1 } };
      return (await take(api.GET("/api/v1/sessions/{id}/turns", { params }))).items[0] ?? null;
    },
    staleTime: Number.POSITIVE_INFINITY,
    enabled: wanted,
  });
}
