import { useEffect } from "react";

let [title, waiting] = ["Fugue", 0];

function write(): void {
  const whole = title === "Fugue" ? title : `${title} · Fugue`;
  document.title = waiting > 0 ? `(${waiting}) ${whole}` : whole;
}

/** The title of the page, behind the number of decisions that wait. */
export function useTitle(text: string): void {
  useEffect(() => {
    title = text;
    write();
  }, [text]);
}

/** How many decisions wait: in the title, and on the app's badge where there is one. */
export function showWaiting(count: number): void {
  waiting = count;
  write();
  if (count > 0) void navigator.setAppBadge?.(count).catch(() => {});
  else void navigator.clearAppBadge?.().catch(() => {});
}
