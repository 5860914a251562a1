// The language: kept on the device, switched without a reload. Message functions ask `getLocale` at each call.
import { baseLocale, isLocale, type Locale, locales, setLocale } from "@/text/gen/runtime.js";

export type { Locale };
export { locales };

const KEY = "fugue.locale";
const listeners = new Set<() => void>();
let current: Locale = baseLocale;

/** The first language of the person that we speak. */
export function preferred(stored: string | null, wanted: readonly string[]): Locale {
  if (isLocale(stored)) return stored;
  for (const one of wanted) {
    const word = one.split("-")[0]?.toLowerCase();
    if (isLocale(word)) return word;
  }
  return baseLocale;
}

export function startLocale(): void {
  apply(preferred(localStorage.getItem(KEY), navigator.languages));
}

export function locale(): Locale {
  return current;
}

export function changeLocale(next: Locale): void {
  localStorage.setItem(KEY, next);
  apply(next);
  for (const listener of listeners) listener();
}

export function onLocale(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function apply(next: Locale): void {
  current = next;
  void setLocale(next, { reload: false });
  document.documentElement.lang = next;
}
