import { QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { hear, queries } from "@/api/live";

const HINT = { session: { session: "ses_1", last_seq: 1 } };

/** A list that is on the screen, and a hub that takes its time. */
function list(ms: number) {
  const told = { begun: 0, open: 0, most: 0 };
  const observer = new QueryObserver(queries, {
    queryKey: ["sessions", "slow"],
    queryFn: async () => {
      told.begun += 1;
      told.open += 1;
      told.most = Math.max(told.most, told.open);
      await new Promise((done) => setTimeout(done, ms));
      told.open -= 1;
      return told.begun;
    },
  });
  return { told, leave: observer.subscribe(() => {}) };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  queries.clear();
  vi.useRealTimers();
});

test("while a hub answers slowly, hints ask it for one list at a time, and the last hint is not lost", async () => {
  const { told, leave } = list(2_000);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(told.begun).toBe(1);
  for (let hints = 0; hints < 200; hints += 1) {
    hear(HINT);
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(told.most).toBe(1);
  const before = told.begun;
  expect(before).toBeGreaterThan(5);
  hear(HINT);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(told.begun).toBeGreaterThan(before);
  expect(told.open).toBe(0);
  leave();
});

test("a new connection waits for no answer to the old one", async () => {
  const { told, leave } = list(60_000);
  await vi.advanceTimersByTimeAsync(60_000);
  hear(HINT);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told.begun).toBe(2);
  hear("everything");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told.begun).toBe(3);
  leave();
});
