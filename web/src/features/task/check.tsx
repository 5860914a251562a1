import { useQuery } from "@tanstack/react-query";
import { ChevronRight } from "lucide-react";
import { useMemo, useState } from "react";
import type { Failure, Ran } from "@/api/client";
import { outputQuery } from "@/api/job";
import { exitWord } from "@/api/need";
import { isGreen } from "@/features/task/words";
import { bytes, duration } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { ansi } from "@/ui/ansi";
import { Button } from "@/ui/button";
import { cn } from "@/ui/class";
import { Mark } from "@/ui/mark";

/** Commands that were run, each with how it ended and the end of what it printed. What is red is open by itself. */
export function Checks({ ran, job }: { ran: readonly Ran[]; job: string | undefined }) {
  return (
    <ul className="flex flex-col gap-1.5">
      {ran.map((one) => (
        <Check key={one.name} ran={one} job={job} />
      ))}
    </ul>
  );
}

function Check({ ran, job }: { ran: Ran; job: string | undefined }) {
  const green = isGreen(ran.exit);
  const [choice, setOpen] = useState<boolean>();
  const open = choice ?? !green;
  return (
    <li className={cn("rounded-box border bg-panel", green || !ran.required ? "border-line" : "border-failed")}>
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="control flex w-full items-center gap-2 rounded-box px-2.5 text-left hover:bg-raised"
      >
        <ChevronRight aria-hidden className={cn("size-4 shrink-0 text-faint transition-transform duration-100", open && "rotate-90")} />
        <Mark state={green ? "done" : "failed"} />
        <span className="shrink-0 font-semibold">{ran.name}</span>
        <code className="min-w-0 flex-1 truncate text-soft">{ran.command}</code>
        {!ran.required && <span className="shrink-0 text-small text-soft max-desk:hidden">{m.check_optional()}</span>}
        <span className="shrink-0 text-small text-soft">{duration(ran.ms)}</span>
        <span className={cn("shrink-0 text-small", green ? "text-done" : "font-semibold text-failed")}>{exitWord(ran.exit)}</span>
      </button>
      {open && <Output ran={ran} job={job} />}
    </li>
  );
}

/** The end of an output, and the whole of it on demand from the machine that keeps it. */
function Output({ ran, job }: { ran: Ran; job: string | undefined }) {
  const [whole, setWhole] = useState(false);
  const cut = new TextEncoder().encode(ran.tail).length < ran.bytes;
  const asked = useQuery(outputQuery(job ?? "", ran.name, whole && job !== undefined));
  const text = asked.data ?? ran.tail;
  const spans = useMemo(() => ansi(text), [text]);
  if (text.trim() === "" && !cut) return <p className="border-t border-line px-3 py-2 text-small text-soft">{m.check_silent()}</p>;
  return (
    <div className="border-t border-line p-2.5">
      {cut && asked.data === undefined && (
        <p className="mb-1.5 flex flex-wrap items-center gap-2 text-small text-soft">
          <span>{m.check_tail()}</span>
          {job !== undefined && (
            <Button kind="quiet" disabled={asked.isFetching} onClick={() => (asked.isError ? void asked.refetch() : setWhole(true))}>
              {m.show_whole({ size: bytes(ran.bytes) })}
            </Button>
          )}
          {asked.isError && <span className="text-failed">{(asked.error as unknown as Failure).message}</span>}
        </p>
      )}
      <figure aria-label={m.output_of({ name: ran.name })} tabIndex={0} className="max-h-100 scroll rounded-box bg-sunken px-2.5 py-2">
        <pre className="text-small whitespace-pre-wrap [overflow-wrap:anywhere]">
          {spans.map((span, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the spans of a text never move
            <span key={at} className={span.className}>
              {span.text}
            </span>
          ))}
        </pre>
      </figure>
    </div>
  );
}
