import { useState } from "react";
import type { StoryEntry } from "@/api/client";
import { sayingWord } from "@/api/saying";
import { Checks } from "@/features/task/check";
import { Part } from "@/features/task/part";
import { ago, moment } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { useNow } from "@/text/use";
import { Button } from "@/ui/button";
import { Mark, type State } from "@/ui/mark";
import { taskMark, taskWord } from "@/ui/task-state";

/** How it came about, told backwards. */
export function Story({ entries }: { entries: readonly StoryEntry[] }) {
  return (
    <Part title={m.story()}>
      <ol className="flex flex-col border-l border-line pl-4">
        {[...entries].reverse().map((entry) => (
          <Entry key={entry.n} entry={entry} />
        ))}
      </ol>
    </Part>
  );
}

function markOf(entry: StoryEntry): State {
  const { shown } = entry;
  if (shown == null) return taskMark(entry.state);
  switch (shown.kind) {
    case "conflict":
    case "red_merge":
      return "failed";
    case "landed":
      return "done";
    case "judged":
      return shown.approved ? "done" : "failed";
    default:
      return taskMark(entry.state);
  }
}

function Entry({ entry }: { entry: StoryEntry }) {
  const now = useNow(10_000);
  const [open, setOpen] = useState(false);
  const at = Date.parse(entry.at);
  const detail = entry.shown != null && hasDetail(entry.shown);
  return (
    <li className="relative py-2">
      <span className="absolute top-2.5 -left-6 rounded-full bg-ground">
        <Mark state={markOf(entry)} />
      </span>
      <p className="flex flex-wrap items-baseline gap-x-2">
        <span className="font-semibold">{taskWord(entry.state)}</span>
        {entry.by != null && <span className="text-soft">{m.story_by({ name: entry.by })}</span>}
        <time className="ml-auto text-small text-soft" title={moment(at)}>
          {ago(at, now)}
        </time>
      </p>
      <p className="text-soft [overflow-wrap:anywhere]">{sayingWord(entry.saying, entry.words)}</p>
      {detail && (
        <Button kind="quiet" className="-ml-3" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? m.show_less() : m.show_evidence()}
        </Button>
      )}
      {detail && open && entry.shown != null && <Detail shown={entry.shown} />}
    </li>
  );
}

type Seen = NonNullable<StoryEntry["shown"]>;

function hasDetail(shown: Seen): boolean {
  return shown.kind === "conflict" || ("ran" in shown && shown.ran.length > 0);
}

function Detail({ shown }: { shown: Seen }) {
  if (shown.kind === "conflict") {
    return (
      <div className="mt-1 flex flex-col gap-1.5">
        <ul className="text-small">
          {shown.files.map((file) => (
            <li key={file}>
              <code>{file}</code>
            </li>
          ))}
        </ul>
        <figure aria-label={m.conflict_sides()} tabIndex={0} className="max-h-80 scroll rounded-box bg-sunken px-2.5 py-2">
          <pre className="text-small whitespace-pre-wrap [overflow-wrap:anywhere]">{shown.detail}</pre>
        </figure>
      </div>
    );
  }
  return "ran" in shown ? <Checks ran={shown.ran} job={shown.job ?? undefined} /> : null;
}
