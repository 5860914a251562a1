// The raw output of a session, page by page, as its node keeps it.
import { api, take } from "@/api/client";
import type { components } from "@/api/schema.gen";

export type RawPage = components["schemas"]["RawPage"];
export type RawFrame = components["schemas"]["RawFrame"];

/** The last page, or the one before or after a place. */
export function readRaw(session: string, place: { before: string } | { after: string } | undefined): Promise<RawPage> {
  return take(api.GET("/api/v1/sessions/{id}/raw", { params: { path: { id: session }, query: { ...place } } }));
}

/** The bytes of a frame. */
export function bytesOf(frame: RawFrame): Uint8Array {
  const letters = atob(frame.data.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
}
