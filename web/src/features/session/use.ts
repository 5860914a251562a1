import { useQuery } from "@tanstack/react-query";
import type { Session } from "@/api/client";
import type { Outcome } from "@/api/event";
import { nodesQuery } from "@/api/node";
import { lastTurnQuery } from "@/api/turn";
import { stateOf, wordOf } from "@/features/session/state";
import type { State } from "@/ui/mark";

/** A session's state and its word, with what else must be asked for them. */
export function useSessionState(session: Session): { state: State; word: string } {
  const nodes = useQuery(nodesQuery);
  const rests = session.state === "idle" || session.state === "closed";
  const last = useQuery(lastTurnQuery(session.id, session.updated_at, rests));
  // The generated type mixes up two kinds of outcome that have the same name in the document.
  const outcome = last.data?.outcome as Outcome | null | undefined;
  const state = rests && last.isPending ? "queued" : stateOf(session, nodes.data, outcome);
  return { state, word: rests && last.isPending ? "" : wordOf(session, state, outcome) };
}
