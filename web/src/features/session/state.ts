import type { Node, Session } from "@/api/client";
import type { Outcome } from "@/api/event";
import { outcomeWord, reasonWord } from "@/api/reason";
import { until } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { type State, stateWord } from "@/ui/mark";

/** What a session shows as. Its row says what was last known; a lost machine makes "working" a claim that nobody can back. */
export function stateOf(session: Session, nodes: readonly Node[] | undefined, outcome: Outcome | null | undefined): State {
  switch (session.state) {
    case "waiting":
      return "needs";
    case "parked":
      return "parked";
    case "busy": {
      if (session.turn == null) return "queued";
      const node = nodes?.find((one) => one.id === session.place.node);
      return node?.state === "lost" || node?.state === "suspect" ? "lost" : "working";
    }
    case "idle":
    case "closed":
      if (outcome == null) return "queued";
      return outcome === "succeeded" ? "done" : outcome === "failed" ? "failed" : "lost";
  }
}

/** The word of a session's state; for one that rests, how its last turn ended. */
export function wordOf(session: Session, state: State, outcome: Outcome | null | undefined): string {
  if (session.state === "closed" && outcome == null) return m.session_closed();
  if (session.state !== "idle" && session.state !== "closed") return stateWord(state);
  return outcome == null ? m.session_new() : outcomeWord(outcome);
}

/** Why and until when something waits. */
export function parkedWord(parked: { reason: string; until: number | undefined }): string {
  const why = reasonWord(parked.reason);
  return parked.until === undefined ? m.parked_why({ why }) : m.parked_until({ why, time: until(parked.until, Date.now()) });
}
