import { expect, it } from "vitest";
import { dayOf, filled } from "@/api/cost";

it("fills the days between with nothing, and ends with today in UTC", () => {
  const now = Date.parse("2026-03-01T23:30:00-05:00");
  expect(dayOf(now)).toBe("2026-03-02");
  const costs = [
    { key: "2026-03-02", cost_usd: 2 },
    { key: "2026-02-28", cost_usd: 1 },
    { key: "2025-01-01", cost_usd: 9 },
  ];
  expect(filled(4, now, costs)).toEqual([
    ["2026-02-27", 0],
    ["2026-02-28", 1],
    ["2026-03-01", 0],
    ["2026-03-02", 2],
  ]);
});
