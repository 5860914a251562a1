import { afterEach, describe, expect, it, vi } from "vitest";
import { backoff } from "@/api/backoff";
import { Failure, type Problem } from "@/api/client";
import { KEY_MS, Outbox, PARCELS_MAX, type Parcel, type Shelf } from "@/api/outbox";

function shelf(): Shelf {
  const kept = new Map<string, Parcel>();
  return {
    all: async () => [...kept.values()].reverse(),
    put: async (parcel) => void kept.set(parcel.key, structuredClone(parcel)),
    drop: async (key) => void kept.delete(key),
  };
}

/** What a page that is opened now would find. */
async function reopened(store: Shelf, send: (parcel: Parcel) => Promise<{ id: string }> = () => new Promise(() => {})) {
  const outbox = new Outbox(send, store);
  await outbox.opened;
  return outbox;
}

const problem = (status: number): Problem => ({ type: "/problems/x", title: "x", detail: "x", status });
const put = (outbox: Outbox, text: string, session = "ses_1") => outbox.put({ session, kind: "message", text });

afterEach(() => void vi.useRealTimers());

describe("the outbox", () => {
  it("keeps its order, its key, and what was typed, until the hub has it", async () => {
    vi.useFakeTimers();
    const [store, sent] = [shelf(), [] as Parcel[]];
    let reached = false;
    const outbox = new Outbox(async (parcel) => {
      sent.push(parcel);
      if (!reached) throw new Failure(undefined);
      return { id: `msg_${parcel.text}` };
    }, store);
    put(outbox, "a");
    put(outbox, "b");
    await vi.advanceTimersByTimeAsync(1);
    expect(new Set(sent.map((parcel) => parcel.text))).toEqual(new Set(["a"]));
    const tries = sent.length;
    expect((await reopened(store)).all().map((parcel) => parcel.text)).toEqual(["a", "b"]);
    reached = true;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(sent.map((parcel) => parcel.text)).toEqual([...Array(tries + 1).fill("a"), "b"]);
    expect(new Set(sent.slice(0, -1).map((parcel) => parcel.key)).size).toBe(1);
    expect(sent.at(-1)?.key).not.toBe(sent[0]?.key);
    expect((await reopened(store)).all()).toEqual([]);
    expect(outbox.all().map((parcel) => parcel.made)).toEqual(["msg_a", "msg_b"]);
    outbox.seen("msg_a");
    expect(outbox.all().map((parcel) => parcel.made)).toEqual(["msg_b"]);
    vi.useRealTimers();
  });

  it("does not send the same thing twice when it is asked to twice", async () => {
    let release: (made: { id: string }) => void = () => {};
    const send = vi.fn(() => new Promise<{ id: string }>((resolve) => (release = resolve)));
    const outbox = new Outbox(send, shelf());
    put(outbox, "a");
    void outbox.flush();
    await outbox.flush();
    release({ id: "msg_a" });
    await vi.waitFor(() => expect(outbox.all()[0]?.made).toBe("msg_a"));
    expect(send).toHaveBeenCalledTimes(1);
  });

  it("shows a refusal and lets the others through", async () => {
    const outbox = new Outbox(async (parcel) => {
      if (parcel.text === "bad") throw new Failure(problem(422));
      return { id: "msg_1" };
    }, shelf());
    put(outbox, "bad");
    put(outbox, "good");
    await vi.waitFor(() => expect(outbox.all()[1]?.made).toBe("msg_1"));
    expect(outbox.all()[0]?.refused?.status).toBe(422);
    const key = outbox.all()[0]?.key ?? "";
    outbox.retry(key);
    expect(outbox.all()[0]?.key).not.toBe(key);
    outbox.discard(outbox.all()[0]?.key ?? "");
    expect(outbox.all()).toHaveLength(1);
  });

  it("waits for another sign-in rather than lose what was typed", async () => {
    const outbox = new Outbox(async () => Promise.reject(new Failure(problem(401))), shelf());
    put(outbox, "a");
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(outbox.all()[0]).toMatchObject({ text: "a" });
    expect(outbox.all()[0]?.refused).toBeUndefined();
  });

  it("is not sent before it is kept", async () => {
    const store = shelf();
    const writes: (() => void)[] = [];
    const send = vi.fn(async () => ({ id: "msg_1" }));
    const outbox = new Outbox(send, { ...store, put: (parcel) => new Promise((resolve) => writes.push(() => resolve(store.put(parcel)))) });
    const kept = put(outbox, "a");
    expect(outbox.all()[0]?.text).toBe("a");
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(send).not.toHaveBeenCalled();
    for (const write of writes) write();
    await kept;
    await vi.waitFor(() => expect(send).toHaveBeenCalledTimes(1));
  });

  it("sends what a page left behind under the same key, so that it arrives once", async () => {
    const [store, hub] = [shelf(), new Map<string, string>()];
    // The hub has it, and the page dies before it hears so.
    const first = await reopened(store, (parcel) => {
      hub.set(parcel.key, parcel.text);
      return new Promise(() => {});
    });
    await put(first, "a");
    expect([...hub.values()]).toEqual(["a"]);
    const second = await reopened(store, async (parcel) => {
      hub.set(parcel.key, parcel.text);
      return { id: "msg_a" };
    });
    await vi.waitFor(() => expect(second.all()[0]?.made).toBe("msg_a"));
    expect([...hub.values()]).toEqual(["a"]);
    expect(await store.all()).toEqual([]);
  });

  it("asks before it sends what the hub may have forgotten that it has", async () => {
    vi.useFakeTimers();
    const [store, send] = [shelf(), vi.fn(async () => Promise.reject(new Failure(undefined)))];
    await put(await reopened(store, send), "a");
    const tried = send.mock.calls.length;
    vi.setSystemTime(Date.now() + KEY_MS + 1);
    const later = vi.fn(async () => ({ id: "msg_a" }));
    const outbox = await reopened(store, later);
    await vi.waitFor(() => expect(outbox.all()[0]?.held).toBe(true));
    expect([tried, later.mock.calls.length]).toEqual([1, 0]);
    expect((await store.all())[0]?.held).toBe(true);
    const { key } = outbox.all()[0] as Parcel;
    outbox.retry(key);
    await vi.waitFor(() => expect(outbox.all()[0]?.made).toBe("msg_a"));
    expect(later).toHaveBeenCalledWith(expect.not.objectContaining({ key }));
    vi.useRealTimers();
  });

  it("holds everything back when somebody signs in, and keeps nothing when they sign out", async () => {
    const store = shelf();
    const outbox = await reopened(store, async () => Promise.reject(new Failure(problem(401))));
    await put(outbox, "a");
    await outbox.hold();
    const next = await reopened(store, async () => Promise.reject(new Error("sent in another's name")));
    expect(next.all()).toMatchObject([{ text: "a", held: true }]);
    next.clear();
    expect(next.all()).toEqual([]);
    await vi.waitFor(async () => expect(await store.all()).toEqual([]));
  });

  it("has a limit, and sends even where nothing can be kept", async () => {
    const broken: Shelf = { all: () => Promise.reject(new Error("no")), put: () => Promise.reject(new Error("no")), drop: async () => {} };
    const send = vi.fn(() => new Promise<{ id: string }>(() => {}));
    const outbox = await reopened(broken, send);
    for (let n = 0; n < PARCELS_MAX; n += 1) expect(put(outbox, `${n}`)).toBeDefined();
    expect(put(outbox, "one more")).toBeUndefined();
    await vi.waitFor(() => expect(send).toHaveBeenCalledTimes(1));
  });
});

describe("the pause", () => {
  it("doubles up to a limit and is never zero", () => {
    expect([0, 1, 2, 20].map((n) => backoff(n, undefined, () => 1))).toEqual([250, 500, 1_000, 10_000]);
    expect([0, 20].map((n) => backoff(n, 1_500, () => 1))).toEqual([250, 1_500]);
    expect(backoff(0, undefined, () => 0)).toBe(125);
  });
});
