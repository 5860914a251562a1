// How what one piece leaves open is settled by another.
import type { Waiting } from "@/features/session/item";
import type { Seams, Settle } from "@/features/session/piece";

/** What stands elsewhere is not shown here. */
export const hole: Settle = ({ id, seq, at }) => ({ kind: "hole", id, seq, at });

/** A call whose turn ended without it. */
export function goneAt(at: number): Settle {
  return (item) => (item.kind === "tool" && item.state === "running" ? { ...item, state: "gone", ended: at } : item);
}

/** How long a turn took that began then. It may have begun before, and again: the last time counts. */
export function tookSince(since: number): Settle {
  return (item) => {
    if (item.kind !== "ended" || item.at < since) return item;
    return { ...item, took: Math.min(item.at - since, item.took ?? Number.POSITIVE_INFINITY) };
  };
}

/** A person's words, for the place where their turn first began. */
export function said({ message, text, turn, seq: also }: Waiting, seams: Seams): Settle {
  return (item) => {
    const { id, seq, at } = item;
    if (turn === undefined || !seams.isFirst(turn, seq) || (item.kind !== "hole" && item.kind !== "requeued")) return item;
    return { kind: "said", id, seq, at, message, text: seams.wordsOf(message, text), steered: false, also };
  };
}
