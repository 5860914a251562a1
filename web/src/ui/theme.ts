// Light, dark, or as the system says; kept on the device.
import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";

const KEY = "fugue.theme";

export function theme(): Theme {
  const kept = localStorage.getItem(KEY);
  return kept === "light" || kept === "dark" ? kept : "system";
}

export function changeTheme(next: Theme): void {
  if (next === "system") {
    localStorage.removeItem(KEY);
    delete document.documentElement.dataset.theme;
  } else {
    localStorage.setItem(KEY, next);
    document.documentElement.dataset.theme = next;
  }
}

/** How the page looks now, whatever the reason. For what draws by itself and must draw anew. */
export function useLook(): "light" | "dark" {
  return useSyncExternalStore(onLook, () => {
    const chosen = theme();
    return chosen === "system" ? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light") : chosen;
  });
}

function onLook(listener: () => void): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", listener);
  const watch = new MutationObserver(listener);
  watch.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  return () => {
    system.removeEventListener("change", listener);
    watch.disconnect();
  };
}

export function startTheme(): void {
  changeTheme(theme());
}
