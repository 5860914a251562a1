// What has changed in a session's place, as git on its node sees it.
import { queryOptions } from "@tanstack/react-query";
import { api, type Session, take } from "@/api/client";
import type { components } from "@/api/schema.gen";

export type ChangedFile = components["schemas"]["ChangedFile"];

/** At least so long lies between two questions: git looks on the machine where the agent works. */
export const CHANGES_AGAIN_MS = 5_000;
/** Open tasks with the session's title among which its own is looked for. */
const NAMESAKES_MAX = 50;

/** Not asked again by itself: whoever shows it knows when something may have changed. */
export function changesQuery(id: string) {
  return queryOptions({
    queryKey: ["changes", id],
    queryFn: () => take(api.GET("/api/v1/sessions/{id}/changes", { params: { path: { id } } })),
    staleTime: CHANGES_AGAIN_MS,
    retry: false,
  });
}

/** The task that a session works on; null when it is no task's. A task's session has its title. */
export function taskOfQuery({ id, project, title }: Session) {
  return queryOptions({
    queryKey: ["tasks", "of", id],
    queryFn: async () => {
      const query = { state: "open" as const, project, q: title, limit: NAMESAKES_MAX };
      const { items } = await take(api.GET("/api/v1/tasks", { params: { query } }));
      return items.find((task) => task.session === id)?.id ?? null;
    },
    staleTime: 60_000,
  });
}
