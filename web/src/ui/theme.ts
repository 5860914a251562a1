// Light, dark, or as the system says; kept on the device.
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

export function startTheme(): void {
  changeTheme(theme());
}
