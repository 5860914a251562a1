import { useSyncExternalStore } from "react";
import { locale, onLocale } from "@/text/locale";

/** The language, for what must be drawn anew when it changes. */
export function useLocale() {
  return useSyncExternalStore(onLocale, locale);
}

const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function onTick(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const one of listeners) one();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0 || timer === undefined) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The time, once a second or in longer steps, from one timer for the whole page. */
export function useNow(step = 1): number {
  return useSyncExternalStore(onTick, () => {
    const fresh = Date.now();
    if (fresh - now > 1500) now = fresh;
    return Math.floor(now / step) * step;
  });
}
