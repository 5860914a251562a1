import { useSyncExternalStore } from "react";
import { link } from "@/api/live";
import { sendMessage, steerSession } from "@/api/message";
import { Outbox } from "@/api/outbox";
import { deviceShelf } from "@/api/shelf";

/** What is under way is broken off here when the way to the hub is new: it may wait for an answer on a connection that is dead. Its key makes
 * sending it again harmless. */
let way = new AbortController();

/** The outbox of this page. */
export const outbox = new Outbox(({ kind, session, text, not_before, key }) => {
  const sending = { key, signal: way.signal };
  if (kind === "steer") return steerSession(session, text, sending);
  return sendMessage(session, { text, ...(not_before !== undefined && { not_before }) }, sending);
}, deviceShelf());

let live = false;
link.onChange(() => {
  const was = live;
  live = link.now().kind === "live";
  if (!live || was) return;
  way.abort();
  way = new AbortController();
  void outbox.again();
});

export function useParcels(session: string) {
  const all = useSyncExternalStore(
    (listener) => outbox.onChange(listener),
    () => outbox.all(),
  );
  return all.filter((parcel) => parcel.session === session);
}
