import { api, take } from "@/api/client";

export type MessageChange = { text?: string; position?: number; not_before?: string };

/** One sending: its key, and what breaks it off. */
export type Sending = { key: string; signal: AbortSignal };

export function sendMessage(session: string, body: { text: string; not_before?: string }, { key, signal }: Sending) {
  const params = { path: { id: session }, header: { "Idempotency-Key": key } };
  return take(api.POST("/api/v1/sessions/{id}/messages", { params, body, signal }));
}

export function steerSession(session: string, text: string, { key, signal }: Sending) {
  const params = { path: { id: session }, header: { "Idempotency-Key": key } };
  return take(api.POST("/api/v1/sessions/{id}/steer", { params, body: { text }, signal }));
}

export function changeMessage(id: string, body: MessageChange) {
  return take(api.PATCH("/api/v1/messages/{id}", { params: { path: { id } }, body }));
}

export function takeBack(id: string) {
  return take(api.DELETE("/api/v1/messages/{id}", { params: { path: { id } } }));
}

/** The messages that still stand in line, next first: what a transcript that begins in the middle does not know. */
export async function queuedMessages(session: string) {
  const page = await take(api.GET("/api/v1/sessions/{id}/messages", { params: { path: { id: session }, query: { limit: 200 } } }));
  const waiting = page.items.filter((message) => message.turn.state === "queued" || message.turn.state === "parked");
  return waiting.sort((one, other) => one.turn.position - other.turn.position);
}
