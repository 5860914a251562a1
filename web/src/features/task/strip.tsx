import { Trash2 } from "lucide-react";
import type { Task } from "@/api/client";
import { meaningOf, type Target } from "@/features/task/columns";
import { m } from "@/text/gen/messages.js";

/** Where a card is dropped that nobody wants any more; there only while one is dragged. */
export function Strip({ task, onDrop }: { task: Task; onDrop: (target: Target) => void }) {
  if (meaningOf(task, "cancel").kind !== "verb") return null;
  return (
    <section
      aria-label={m.task_cancel()}
      data-cancel
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        onDrop("cancel");
      }}
      className="absolute bottom-4 left-1/2 z-20 flex min-h-12 -translate-x-1/2 items-center gap-2 rounded-sheet border border-failed bg-panel px-5 font-semibold text-failed shadow-float"
    >
      <Trash2 aria-hidden className="size-4" /> {m.task_cancel()}
    </section>
  );
}
