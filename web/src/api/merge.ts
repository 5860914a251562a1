import { queryOptions } from "@tanstack/react-query";
import { api, take } from "@/api/client";

/** Every queue in which something is. */
export const queuesQuery = queryOptions({
  queryKey: ["merge-queue"],
  queryFn: async () => (await take(api.GET("/api/v1/merge-queue"))).items,
});

/** Tries the merge of a project's queue without moving anything. */
export function tryMerge(project: string, tasks: string[], key: string) {
  return take(api.POST("/api/v1/merge-queue/dry-run", { body: { project, tasks }, params: { header: { "Idempotency-Key": key } } }));
}

/** Takes the change of a task out of its queue. */
export function leaveQueue(task: string) {
  return take(api.DELETE("/api/v1/merge-queue/{id}", { params: { path: { id: task } } }));
}
