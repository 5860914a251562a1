import { partsOf } from "@/features/approval/gist";
import { money } from "@/text/format";
import { m } from "@/text/gen/messages.js";

/** What the hub asks about a budget: the question is its own, so it is said in words. Nothing for one that is not as this version knows it. */
export function spentWord(input: string): string | undefined {
  const { budget, spent_usd: spent, limit_usd: limit, more_usd: more } = partsOf(input);
  if (typeof spent !== "number" || typeof limit !== "number" || typeof more !== "number") return undefined;
  const sums = { spent: money(spent), limit: money(limit), more: money(more) };
  return budget === "day" ? m.budget_spent_day(sums) : m.budget_spent(sums);
}
