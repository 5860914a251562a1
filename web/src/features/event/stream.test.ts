import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { EventPage, Seen } from "@/api/across";
import { Stream } from "@/features/event/stream";

const event = (seq: number, session = "ses_a") => ({ session, seq, at: "", type: "output", level: "info" }) as unknown as Seen;
const numbers = (stream: Stream) => stream.now().items.map((one) => one.seq);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A hub with so many events, in pages of three. */
function hub() {
  const at = { last: 5, asked: [] as (string | undefined)[] };
  const read = async (_: unknown, cursor?: string): Promise<EventPage> => {
    at.asked.push(cursor);
    const from = cursor === undefined ? at.last : Number(cursor);
    const items = [from, from - 1, from - 2].filter((seq) => seq > 0).map((seq) => event(seq));
    return { items, next_cursor: from > 3 ? String(from - 3) : null };
  };
  return { at, read };
}

it("puts what is new before what is there, and reads back to the end", async () => {
  const { at, read } = hub();
  const stream = new Stream({}, read);
  stream.begin();
  await vi.runAllTimersAsync();
  expect([numbers(stream), stream.now().more]).toEqual([[5, 4, 3], true]);
  at.last = 7;
  stream.hint();
  stream.hint();
  await vi.runAllTimersAsync();
  expect([numbers(stream), stream.now().added]).toEqual([[7, 6, 5, 4, 3], 2]);
  await stream.back();
  expect([numbers(stream), stream.now().more]).toEqual([[7, 6, 5, 4, 3, 2, 1], false]);
  expect(at.asked).toEqual([undefined, undefined, "2"]);
});

it("begins anew instead of showing a hole", async () => {
  const { at, read } = hub();
  const stream = new Stream({}, read);
  stream.begin();
  await vi.runAllTimersAsync();
  at.last = 50;
  stream.hint();
  await vi.runAllTimersAsync();
  expect(numbers(stream)).toEqual([50, 49, 48]);
  await stream.back();
  expect(numbers(stream)).toEqual([50, 49, 48, 47, 46, 45]);
});

it("keeps what it has when the hub is away, and looks again", async () => {
  const { at, read } = hub();
  let away = false;
  const stream = new Stream({}, (filter, cursor) => (away ? Promise.reject(new Error("away")) : read(filter, cursor)));
  stream.begin();
  await vi.runAllTimersAsync();
  away = true;
  stream.hint();
  await vi.runAllTimersAsync();
  expect([numbers(stream), stream.now().failure?.message]).toEqual([[5, 4, 3], "away"]);
  away = false;
  at.last = 6;
  stream.hint();
  await vi.runAllTimersAsync();
  expect([numbers(stream), stream.now().failure]).toEqual([[6, 5, 4, 3], undefined]);
});
