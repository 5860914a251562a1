// What has changed in a session's place, as git on its node sees it.
import { queryOptions } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import type { components } from "@/api/schema.gen";

export type ChangedFile = components["schemas"]["ChangedFile"];

/** At least so long lies between two questions. The node answers without git while nothing has changed. */
export const CHANGES_AGAIN_MS = 1_000;
/** Not asked again by itself: whoever shows it knows when something may have changed. */
export function changesQuery(id: string) {
  return queryOptions({
    queryKey: ["changes", id],
    queryFn: () => take(api.GET("/api/v1/sessions/{id}/changes", { params: { path: { id } } })),
    staleTime: CHANGES_AGAIN_MS,
    retry: false,
  });
}
