// What of a session's history fits: words, errors, questions. The hub looks through so much for each request; asking goes on until the end.
import { api, take } from "@/api/client";
import type { components } from "@/api/schema.gen";

export type Hit = components["schemas"]["EventHit"];
export type Wanted = { q: string } | { what: "errors" | "questions" };

/** Hits that are kept of one search. Who has more looks for other words. */
export const HITS_MAX = 1_000;
const AT_ONCE = 200;

/** Everything that fits, from the beginning, in pieces as they are found. */
export async function* findAll(session: string, wanted: Wanted, signal: AbortSignal): AsyncGenerator<Hit[]> {
  let after = 0;
  for (let count = 0; count < HITS_MAX; ) {
    const query = { ...wanted, after, limit: AT_ONCE };
    const page = await take(api.GET("/api/v1/sessions/{id}/find", { params: { path: { id: session }, query }, signal }));
    count += page.items.length;
    yield page.items;
    if (page.next_cursor == null) return;
    after = Number(page.next_cursor);
  }
}

/** The first that fits after a number, if there is one. */
export async function findNext(session: string, wanted: Wanted, from: number): Promise<Hit | undefined> {
  let after: number | undefined = from;
  while (after !== undefined) {
    const query = { ...wanted, after, limit: 1 };
    const page: { items: Hit[]; next_cursor?: string | null } = await take(
      api.GET("/api/v1/sessions/{id}/find", { params: { path: { id: session }, query } }),
    );
    if (page.items[0] !== undefined) return page.items[0];
    after = page.next_cursor == null ? undefined : Number(page.next_cursor);
  }
  return undefined;
}
