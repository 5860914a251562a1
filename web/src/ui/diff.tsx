import { useMemo, useState } from "react";
import { m } from "@/text/gen/messages.js";
import { cn } from "@/ui/class";
import { type Chunk, chunks, type Line } from "@/ui/difference";
import { Painted } from "@/ui/painted";
import { type Run, useSyntax } from "@/ui/syntax";

/** Lines of a change that are drawn at once. */
const DRAWN_MAX = 2_000;

const LOOK: Record<Line["kind"], [string, string]> = {
  added: ["bg-done-tint text-ink", "+"],
  deleted: ["bg-failed-tint text-ink", "−"],
  same: ["text-soft", " "],
};

/** A change of the file at `label`, line by line; what is the same far from it is folded. */
export function Diff({ change, label }: { change: Line[]; label: string }) {
  const shown = useMemo(() => change.slice(0, DRAWN_MAX), [change]);
  const runs = useSyntax(
    label,
    useMemo(() => [shown], [shown]),
  );
  return (
    <figure
      aria-label={label}
      tabIndex={0}
      className="max-h-100 scroll overflow-x-auto rounded-box border border-line bg-sunken py-1 font-mono text-small"
    >
      {chunks(shown).map((chunk) => (
        <Piece key={`${chunk.kind}${chunk.at}`} chunk={chunk} runs={runs} />
      ))}
      {change.length > shown.length && <p className="px-3 py-1 text-soft">{m.more_lines({ n: change.length - shown.length })}</p>}
    </figure>
  );
}

function Piece({ chunk, runs }: { chunk: Chunk; runs: (line: Line) => readonly Run[] | undefined }) {
  const [open, setOpen] = useState(false);
  if (chunk.kind === "folded" && !open) {
    return (
      <button type="button" className="w-full bg-raised px-3 py-0.5 text-left font-sans text-soft" onClick={() => setOpen(true)}>
        {m.same_lines({ n: chunk.lines.length })}
      </button>
    );
  }
  return chunk.lines.map((line, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the lines of a stored change never move
    <div key={at} className={cn("flex min-w-max whitespace-pre", LOOK[line.kind][0])}>
      <span className="w-6 shrink-0 text-center select-none" aria-hidden>
        {LOOK[line.kind][1]}
      </span>
      <span className="pr-3">
        <Painted text={line.text} runs={runs(line)} />
      </span>
    </div>
  ));
}
