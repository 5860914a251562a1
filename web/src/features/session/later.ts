/** In an hour, this evening, tomorrow morning: those that are still to come. */
export function laterTimes(now: Date): Date[] {
  const at = (days: number, hour: number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour);
  return [new Date(now.getTime() + 3_600_000), at(0, 22), at(1, 9)].filter((time) => time.getTime() > now.getTime() + 60_000);
}
