// The line of a session, as its events change it.
import type { Waiting } from "@/features/session/item";

/** A message has another place in the line. */
export function moved(line: readonly Waiting[], message: string, position: number): Waiting[] {
  const one = line.find((waiting) => waiting.message === message);
  if (one === undefined) return [...line];
  return line.filter((waiting) => waiting !== one).toSpliced(Math.max(0, position - 1), 0, one);
}

/** A message has other words. */
export function edited(line: readonly Waiting[], message: string, text: string): Waiting[] {
  return line.map((waiting) => (waiting.message === message ? { ...waiting, text } : waiting));
}

/** A turn waits, with or without a reason. */
export function parked(line: readonly Waiting[], turn: string | undefined, why: Waiting["parked"]): Waiting[] {
  return line.map((waiting) => (waiting.turn === turn ? { ...waiting, parked: why } : waiting));
}
