import { useQuery } from "@tanstack/react-query";
import type { Session } from "@/api/client";
import { nodesQuery } from "@/api/node";
import { lastTurnQuery } from "@/api/turn";
import { stateOf, wordOf } from "@/features/session/state";
import type { State } from "@/ui/mark";

/** A session's state and its word, with what else must be asked for them. */
export function useSessionState(session: Session): { state: State; word: string } {
  const nodes = useQuery(nodesQuery);
  const rests = session.state === "idle" || session.state === "closed";
  const last = useQuery(lastTurnQuery(session.id, session.updated_at, rests));
  const outcome = last.data?.outcome;
  const state = rests && last.isPending ? "queued" : stateOf(session, nodes.data, outcome);
  return { state, word: rests && last.isPending ? "" : wordOf(session, state, outcome) };
}
