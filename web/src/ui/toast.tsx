import { useSyncExternalStore } from "react";

/** What just happened, in one line, for a few seconds; said to screen readers too. */
type Toast = { id: number; text: string; undo?: { label: string; run: () => void }; stays?: boolean };

let toasts: readonly Toast[] = [];
let last = 0;
const listeners = new Set<() => void>();

function change(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

/** `stays`: until its button is pressed, and in the place of another one that stayed. */
export function toast(text: string, undo?: Toast["undo"], stays = false): void {
  last += 1;
  const id = last;
  const others = toasts.filter((one) => one.stays !== true || !stays).slice(-2);
  change([...others, { id, text, stays, ...(undo !== undefined && { undo }) }]);
  if (!stays) setTimeout(() => change(toasts.filter((one) => one.id !== id)), undo === undefined ? 5_000 : 10_000);
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <div role="status" className="pointer-events-none fixed inset-x-0 bottom-20 z-60 flex flex-col items-center gap-2 px-4 desk:bottom-6">
      {shown.map((one) => (
        <div
          key={one.id}
          className="pointer-events-auto flex max-w-full items-center gap-3 rounded-box bg-ink px-4 py-2.5 text-ground shadow-float"
        >
          <span>{one.text}</span>
          {one.undo !== undefined && (
            <button
              type="button"
              className="font-semibold underline"
              onClick={() => {
                one.undo?.run();
                change(toasts.filter((other) => other.id !== one.id));
              }}
            >
              {one.undo.label}
            </button>
          )}
        </div>
      ))}
    </div>
  );
}
