import { queryOptions } from "@tanstack/react-query";
import { api, take } from "@/api/client";

export const nodesQuery = queryOptions({
  queryKey: ["nodes"],
  queryFn: async () => (await take(api.GET("/api/v1/nodes", { params: { query: { limit: 200 } } }))).items,
});

export function joinCode(key: string) {
  return take(api.POST("/api/v1/nodes/join-codes", { params: { header: { "Idempotency-Key": key } } }));
}

export function drainNode(id: string) {
  return take(api.POST("/api/v1/nodes/{id}/drain", { params: { path: { id } } }));
}

export function resumeNode(id: string) {
  return take(api.POST("/api/v1/nodes/{id}/resume", { params: { path: { id } } }));
}

export function removeNode(id: string) {
  return take(api.DELETE("/api/v1/nodes/{id}", { params: { path: { id } } }));
}
