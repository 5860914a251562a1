import { Link } from "@tanstack/react-router";
import type { Session } from "@/api/client";
import type { Fold } from "@/features/session/fold";
import { gist } from "@/features/session/rows";
import { parkedWord } from "@/features/session/state";
import { useTranscript } from "@/features/session/store";
import { useSessionState } from "@/features/session/use";
import { ago, duration, money } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { useNow } from "@/text/use";
import { Mark } from "@/ui/mark";

/** Events that are enough to say what an agent is doing. */
const TAIL = 40;

/** A session at work: what it is doing, since when, and when it was last heard of. */
export function MovingLine({ session }: { session: Session }) {
  const now = useNow();
  const { state, word } = useSessionState(session);
  const { fold } = useTranscript(session.id, session.last_seq, TAIL);
  const doing = doingOf(fold);
  const since = fold.turn?.since;
  const parked = fold.queue.find((one) => one.parked !== undefined)?.parked;
  const waits = parked === undefined ? undefined : parkedWord(parked);
  return (
    <Link
      to="/sessions/$id"
      params={{ id: session.id }}
      className="flex min-h-16 items-start gap-2.5 px-3 py-2.5 hover:bg-raised desk:min-h-14 desk:py-2"
    >
      <Mark state={state} className="mt-1 desk:mt-0.5" />
      <span className="min-w-0 flex-1">
        <span className="flex items-baseline leading-6 desk:leading-5 gap-3">
          <span className="min-w-0 flex-1 truncate font-semibold">{session.title}</span>
          {since !== undefined && state === "working" && <span className="shrink-0 text-small text-soft">{duration(now - since)}</span>}
          <span className="shrink-0 text-small text-soft">{money(session.cost_usd)}</span>
        </span>
        <span className="flex gap-3 text-small text-soft">
          <span className="max-w-1/3 shrink-0 truncate">{session.agent}</span>
          <span className="min-w-0 flex-1 truncate">{state === "working" && doing !== undefined ? doing : (waits ?? word)}</span>
          {state === "working" && fold.heard !== undefined && <span className="shrink-0">{ago(fold.heard, now)}</span>}
        </span>
      </span>
    </Link>
  );
}

/** The last thing that an agent was seen to do. */
export function doingOf(fold: Pick<Fold, "typing" | "doing">): string | undefined {
  if (fold.typing !== undefined) return fold.typing.kind === "thought" ? m.thinking() : fold.typing.text.trim().split("\n").at(-1);
  const last = fold.doing;
  if (last === undefined) return undefined;
  if (last.kind === "tool") return `${last.tool} ${gist(last.input)}`.trim();
  return last.text.trim().split("\n").at(-1);
}
