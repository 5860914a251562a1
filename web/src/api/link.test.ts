import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Link } from "@/api/link";

vi.mock("@/api/client", () => ({
  api: { POST: () => undefined },
  take: async () => ({ ticket: "fgk_1" }),
  Failure: class extends Error {},
}));

/** A socket that opens at once and says what it is told to say. */
class Socket {
  static made: Socket[] = [];
  static OPEN = 1;
  readyState = Socket.OPEN;
  onopen: () => void = () => {};
  onmessage: (message: { data: string }) => void = () => {};
  sent: string[] = [];
  constructor() {
    Socket.made.push(this);
  }
  send(text: string) {
    this.sent.push(text);
  }
  close() {}
}

beforeEach(() => {
  vi.useFakeTimers();
  Socket.made = [];
  vi.stubGlobal("WebSocket", Socket);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function opened(): Promise<{ link: Link; socket: Socket }> {
  const link = new Link(() => {});
  link.start();
  await vi.advanceTimersByTimeAsync(0);
  const socket = Socket.made.at(-1);
  if (socket === undefined) throw new Error("no socket was opened");
  socket.onopen();
  return { link, socket };
}

test("a page that is looked at does not wait long between two tries, and most of them are short", async () => {
  // First of all: the links of other tests hear the same events.
  const { link } = await opened();
  dispatchEvent(new Event("offline"));
  expect(link.now().kind).toBe("offline");
  const before = Socket.made.length;
  await vi.advanceTimersByTimeAsync(4_000);
  expect(Socket.made.length - before).toBeGreaterThanOrEqual(2);
  // Two short ones, a patient one, and at most a second and a half after each.
  await vi.advanceTimersByTimeAsync(46_000);
  expect(Socket.made.length - before).toBeGreaterThanOrEqual(9);
  expect(Socket.made.length - before).toBeLessThanOrEqual(14);
});

test("a connection on which nothing comes is not called live", async () => {
  const { link } = await opened();
  const begun = Date.now();
  await vi.advanceTimersByTimeAsync(40_000);
  expect(link.now().kind).toBe("live");
  await vi.advanceTimersByTimeAsync(10_000);
  expect(link.now()).toMatchObject({ kind: "offline", seen: begun });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(Socket.made.length).toBeGreaterThan(1);
});

test("a sign of life keeps a quiet connection", async () => {
  const { link, socket } = await opened();
  for (let quarter = 0; quarter < 20; quarter += 1) {
    await vi.advanceTimersByTimeAsync(15_000);
    socket.onmessage({ data: '{"alive":true}' });
  }
  expect(link.now().kind).toBe("live");
  expect(Socket.made.length).toBe(1);
});

test("a reconnect asks for what comes after the last number, once", async () => {
  const { link, socket } = await opened();
  let cursor = 7;
  link.follow("ses_1", { cursor: () => cursor, event: () => {}, delta: () => {}, problem: () => {} });
  expect(socket.sent).toContain('{"subscribe":{"session":"ses_1","after":7}}');
  cursor = 12;
  link.again();
  await vi.advanceTimersByTimeAsync(0);
  const next = Socket.made.at(-1);
  next?.onopen();
  expect(next).not.toBe(socket);
  expect(next?.sent.filter((line) => line.includes("ses_1"))).toEqual(['{"subscribe":{"session":"ses_1","after":12}}']);
});
