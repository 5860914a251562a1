import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, type Session, take } from "@/api/client";

export type Filter = { state?: "open" | "idle" | "busy" | "waiting" | "parked" | "closed" | undefined; q?: string | undefined };

/** A page of sessions, newest first. */
export function sessionsQuery(filter: Filter) {
  return infiniteQueryOptions({
    queryKey: ["sessions", filter],
    queryFn: ({ pageParam }) => {
      const query = {
        limit: 100,
        ...(filter.state && { state: filter.state }),
        ...(filter.q && { q: filter.q }),
        ...(pageParam && { cursor: pageParam }),
      };
      return take(api.GET("/api/v1/sessions", { params: { query } }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor,
  });
}

/** What Now shows: the newest sessions. */
export const recentQuery = queryOptions({
  queryKey: ["sessions", "recent"],
  queryFn: async () => (await take(api.GET("/api/v1/sessions", { params: { query: { limit: 100 } } }))).items,
});

export function sessionQuery(id: string) {
  return queryOptions({
    queryKey: ["session", id],
    queryFn: () => take(api.GET("/api/v1/sessions/{id}", { params: { path: { id } } })),
  });
}

export function openSession(body: { project: string; agent: string; title?: string }, key: string): Promise<Session> {
  return take(api.POST("/api/v1/sessions", { body, params: { header: { "Idempotency-Key": key } } }));
}

export function stopSession(id: string): Promise<Session> {
  return take(api.POST("/api/v1/sessions/{id}/stop", { params: { path: { id } } }));
}

export function closeSession(id: string): Promise<Session> {
  return take(api.POST("/api/v1/sessions/{id}/close", { params: { path: { id } } }));
}

export function renameSession(id: string, title: string): Promise<Session> {
  return take(api.PATCH("/api/v1/sessions/{id}", { params: { path: { id } }, body: { title } }));
}
