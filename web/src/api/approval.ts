import { queryOptions } from "@tanstack/react-query";
import { type Approval, api, take } from "@/api/client";

/** Everything that waits for a person. The number of these is the number in the title. */
export const pendingQuery = queryOptions({
  queryKey: ["approvals", "pending"],
  queryFn: async () => {
    const items: Approval[] = [];
    let cursor: string | null = "";
    // The number must be right, so every page is read; the hub's limits keep this short.
    while (cursor !== null) {
      const page: { items: Approval[]; next_cursor: string | null } = await take(
        api.GET("/api/v1/approvals", { params: { query: { state: "pending", limit: 200, ...(cursor && { cursor }) } } }),
      );
      items.push(...page.items);
      cursor = page.next_cursor;
    }
    return items.sort((one, other) => one.expires_at.localeCompare(other.expires_at));
  },
});

/** What was asked lately, answered or not. */
export const askedQuery = queryOptions({
  queryKey: ["approvals", "asked"],
  queryFn: async () => (await take(api.GET("/api/v1/approvals", { params: { query: { limit: 100 } } }))).items,
});

export function approvalQuery(id: string) {
  return queryOptions({
    queryKey: ["approval", id],
    queryFn: () => take(api.GET("/api/v1/approvals/{id}", { params: { path: { id } } })),
  });
}

/** Answers exactly what was shown: its hash goes along, and the hub refuses any other. */
export function answer(id: string, verdict: "approve" | "deny", hash: string, reason?: string): Promise<Approval> {
  const body = { hash, reason: reason ?? null };
  const params = { path: { id } };
  return verdict === "approve"
    ? take(api.POST("/api/v1/approvals/{id}/approve", { params, body }))
    : take(api.POST("/api/v1/approvals/{id}/deny", { params, body }));
}
