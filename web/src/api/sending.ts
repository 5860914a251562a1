import { useSyncExternalStore } from "react";
import { link } from "@/api/live";
import { sendMessage, steerSession } from "@/api/message";
import { Outbox } from "@/api/outbox";
import { deviceShelf } from "@/api/shelf";

/** The outbox of this page. */
export const outbox = new Outbox(
  (parcel) =>
    parcel.kind === "steer"
      ? steerSession(parcel.session, parcel.text, parcel.key)
      : sendMessage(
          parcel.session,
          { text: parcel.text, ...(parcel.not_before !== undefined && { not_before: parcel.not_before }) },
          parcel.key,
        ),
  deviceShelf(),
);

link.onChange(() => {
  if (link.now().kind === "live") void outbox.flush();
});

export function useParcels(session: string) {
  const all = useSyncExternalStore(
    (listener) => outbox.onChange(listener),
    () => outbox.all(),
  );
  return all.filter((parcel) => parcel.session === session);
}
