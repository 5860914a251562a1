import type { DragEvent } from "react";
import type { Task } from "@/api/client";
import type { Verb } from "@/api/task";
import { Card } from "@/features/task/card";
import type { Column, Meaning, Target } from "@/features/task/columns";
import { columnWord, verbWord, whyWord } from "@/features/task/words";
import { m } from "@/text/gen/messages.js";
import { cn } from "@/ui/class";

type Props = {
  column: Column;
  tasks: Task[];
  dragged: Task | undefined;
  personal: ReadonlySet<string>;
  /** What it would mean to drop the dragged one here; absent while nothing is dragged, and over its own column. */
  meaning: Meaning | undefined;
  onDrag: (task: Task | undefined) => void;
  onDrop: (target: Target) => void;
  onVerb: (task: Task, verb: Verb) => void;
};

/** What a drop means, in words. */
export function meaningWord(meaning: Meaning): string {
  if (meaning.kind === "verb") return verbWord(meaning.verb);
  if (meaning.kind === "judge") return m.review_change();
  return meaning.kind === "nothing" ? whyWord(meaning.why) : "";
}

/** A column of the board. While a card is dragged it says what a drop here would do, or why it does nothing. */
export function ColumnView({ column, tasks, dragged, personal, meaning, onDrag, onDrop, onVerb }: Props) {
  const word = columnWord(column);
  const means = meaning !== undefined && meaning.kind !== "nothing";
  const over = (event: DragEvent) => {
    event.preventDefault();
    // Also where it means nothing: a drop there says why.
    event.dataTransfer.dropEffect = "move";
  };
  return (
    <section
      aria-label={word}
      data-column={column}
      onDragEnter={(event) => event.preventDefault()}
      onDragOver={over}
      onDrop={(event) => {
        event.preventDefault();
        onDrop(column);
      }}
      className={cn(
        "relative flex flex-col rounded-sheet desk:min-h-0 desk:min-w-36 desk:flex-1 desk:bg-raised",
        tasks.length === 0 && "max-desk:hidden",
        means && "outline-2 -outline-offset-2 outline-accent",
      )}
    >
      <h2 className="flex items-center gap-2 px-2.5 py-2 text-small font-semibold text-soft max-desk:sticky max-desk:-top-4 max-desk:z-10 max-desk:bg-ground max-desk:px-0">
        <span className="min-w-0 flex-1 truncate">{word}</span>
        <span className={cn("tabular-nums", column === "needs" && tasks.length > 0 && "text-needs")}>{tasks.length}</span>
      </h2>
      {meaning !== undefined && (
        <p
          className={cn(
            "pointer-events-none absolute inset-x-1.5 top-9 z-10 rounded-box border px-2 py-1.5 text-small shadow-float",
            means ? "border-accent bg-accent-tint font-semibold text-ink" : "border-line bg-panel text-soft",
          )}
        >
          {meaningWord(meaning)}
        </p>
      )}
      <ul className="flex flex-col gap-1.5 desk:min-h-0 desk:flex-1 desk:scroll desk:px-1.5 desk:pb-2">
        {tasks.map((task) => (
          <Card
            key={task.id}
            task={task}
            dragged={dragged?.id === task.id}
            personal={personal.has(task.id)}
            onDrag={onDrag}
            onVerb={onVerb}
          />
        ))}
      </ul>
    </section>
  );
}
