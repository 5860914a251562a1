import { expect, it } from "vitest";
import { spentWord } from "@/features/approval/spent";

it("says a budget in money, and leaves what it does not know to its bytes", () => {
  const asked = { budget: "session", spent_usd: 0.5, limit_usd: 0.2, more_usd: 0.25 };
  for (const sum of ["$0.50", "$0.20", "$0.25"]) expect(spentWord(JSON.stringify(asked))).toContain(sum);
  expect(spentWord(JSON.stringify({ ...asked, budget: "day" }))).not.toBe(spentWord(JSON.stringify(asked)));
  for (const input of ["", "null", "7", "no json", JSON.stringify({ ...asked, more_usd: "much" })])
    expect(spentWord(input)).toBeUndefined();
});
