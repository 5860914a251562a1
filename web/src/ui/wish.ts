import { useEffect, useRef } from "react";

/** What a key asks of the screen that is open. A screen that cannot do it does not hear it. */
export type Wish = "find" | "found_next" | "found_before" | "next_error" | "next_question";
const NAME = "fugue:wish";

export function wish(what: Wish): void {
  dispatchEvent(new CustomEvent<Wish>(NAME, { detail: what }));
}

/** Hears wishes as long as the caller is on the screen. */
export function useWishes(run: Partial<Record<Wish, () => void>>): void {
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  });
  useEffect(() => {
    const hear = (event: Event) => latest.current[(event as CustomEvent<Wish>).detail]?.();
    addEventListener(NAME, hear);
    return () => removeEventListener(NAME, hear);
  }, []);
}
