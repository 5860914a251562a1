/** The first pause, and the longest one. */
const FIRST_MS = 250;
const LONGEST_MS = 10_000;

/** How long to wait before attempt `n` (0 being the first after a failure): doubled each time, any moment of its second half. */
export function backoff(n: number, longest = LONGEST_MS, chance: () => number = Math.random): number {
  const whole = Math.min(longest, FIRST_MS * 2 ** Math.min(n, 10));
  return whole / 2 + (chance() * whole) / 2;
}
