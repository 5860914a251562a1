import { useSyncExternalStore } from "react";

const wide = () => matchMedia("(min-width: 900px)");

/** Whether this is a desk, for what is not to be loaded on a phone at all. Everything else is the style sheet's business. */
export function useDesk(): boolean {
  return useSyncExternalStore(
    (listener) => {
      const query = wide();
      query.addEventListener("change", listener);
      return () => query.removeEventListener("change", listener);
    },
    () => wide().matches,
  );
}
