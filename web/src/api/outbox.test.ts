import { describe, expect, it, vi } from "vitest";
import { backoff } from "@/api/backoff";
import { Failure, type Problem } from "@/api/client";
import { Outbox, PARCELS_MAX, type Parcel } from "@/api/outbox";

function shelf() {
  const kept = new Map<string, string>();
  return { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, text: string) => void kept.set(key, text) };
}

const problem = (status: number): Problem => ({ type: "/problems/x", title: "x", detail: "x", status });
const put = (outbox: Outbox, text: string, session = "ses_1") => outbox.put({ session, kind: "message", text });

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
    expect(sent.map((parcel) => parcel.text)).toEqual(["a"]);
    expect(new Outbox(async () => ({ id: "" }), store).all().map((parcel) => parcel.text)).toEqual(["a", "b"]);
    reached = true;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(sent.map((parcel) => parcel.text)).toEqual(["a", "a", "b"]);
    expect(sent[0]?.key).toBe(sent[1]?.key);
    expect(sent[2]?.key).not.toBe(sent[1]?.key);
    expect(new Outbox(async () => ({ id: "" }), store).all()).toEqual([]);
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

  it("has a limit, and survives a broken shelf", () => {
    const outbox = new Outbox(() => new Promise(() => {}), { getItem: () => "{nonsense", setItem: () => {} });
    for (let n = 0; n < PARCELS_MAX; n += 1) expect(put(outbox, `${n}`)).toBe(true);
    expect(put(outbox, "one more")).toBe(false);
  });
});

describe("the pause", () => {
  it("doubles up to a limit and is never zero", () => {
    expect([0, 1, 2, 20].map((n) => backoff(n, () => 1))).toEqual([250, 500, 1_000, 10_000]);
    expect(backoff(0, () => 0)).toBe(125);
  });
});
