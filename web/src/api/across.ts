// Events of all sessions: a list that is read from its head again whenever something happened, and further back on demand.
import { api, take } from "@/api/client";
import type { SessionEvent } from "@/api/event";

export type Level = "info" | "warning" | "error";
export type Seen = SessionEvent & { session: string; session_title: string; level: Level; cut?: boolean };
export type EventFilter = {
  kind?: string | undefined;
  level?: Level | undefined;
  project?: string | undefined;
  session?: string | undefined;
};
export type EventPage = { items: Seen[]; next_cursor?: string | null; looked_back_to?: string | null };

/** Events of one page: what fills a large screen twice. */
const AT_ONCE = 100;

export async function readEvents(filter: EventFilter, cursor?: string): Promise<EventPage> {
  const { kind, level, project, session } = filter;
  const query = {
    limit: AT_ONCE,
    ...(kind && { kind }),
    ...(level && { level }),
    ...(project && { project }),
    ...(session && { session }),
  };
  const page = await take(api.GET("/api/v1/events", { params: { query: { ...query, ...(cursor && { cursor }) } } }));
  // What the document calls an object is an event, of this version or a later one.
  return page as unknown as EventPage;
}

/** The name of an event among all. */
export function nameOf(event: Seen): string {
  return `${event.session} ${event.seq}`;
}
