import { describe, expect, it, vi } from "vitest";
import { act, type Host, type News, notification, opened, read, shown } from "@/worker/news";

const NEWS: News = { kind: "approval", tag: "apr_1", path: "/approvals/apr_1", title: "Fix login", tool: "Bash", locale: "en", waiting: 2 };

function host(pages: { url: string; visibilityState: string }[] = [], answer: () => Promise<Response> = async () => new Response("{}")) {
  const seen: { notices: [string, NotificationOptions | undefined][]; opened: string[]; told: unknown[] } = {
    notices: [],
    opened: [],
    told: [],
  };
  const focus = vi.fn(async () => {});
  const made: Host = {
    location: { origin: "https://hub.example" },
    clients: {
      matchAll: async () => pages.map((page) => ({ ...page, focus, postMessage: (words: unknown) => void seen.told.push(words) })),
      openWindow: async (url) => void seen.opened.push(url),
    },
    registration: { showNotification: async (title, options) => void seen.notices.push([title, options]) },
    navigator: { setAppBadge: vi.fn(async () => {}), clearAppBadge: vi.fn(async () => {}) },
    fetch: vi.fn(answer) as unknown as typeof fetch,
  };
  return { made, seen, focus };
}

describe("a push", () => {
  it("is a notification in its person's language, which names no more than the thing", () => {
    const [title, options] = notification(NEWS);
    expect([title, options.body, options.tag, options.actions]).toEqual(["Fix login", "Bash waits for your decision", "apr_1", undefined]);
    expect(notification({ ...NEWS, locale: "ja" })[1].body).toContain("Bash");
    expect(notification({ ...NEWS, locale: "ja" })[1].body).not.toBe(options.body);
    expect(notification({ ...NEWS, kind: "test", title: "" })[0]).toBe("Fugue");
  });

  it("can be answered only with the right to it", async () => {
    expect(notification({ ...NEWS, right: "fgr_1" })[1].actions?.map((one) => one.action)).toEqual(["deny", "approve"]);
    const { made, seen } = host();
    await act(made, { path: NEWS.path, tag: NEWS.tag, locale: "en", right: "fgr_1" }, "approve");
    expect(made.fetch).toHaveBeenCalledWith(
      "/api/v1/push/answers",
      expect.objectContaining({ body: '{"right":"fgr_1","verdict":"approve"}' }),
    );
    expect(seen.notices).toEqual([]);
    const none = host();
    await act(none.made, { path: NEWS.path, tag: NEWS.tag, locale: "en" }, "approve");
    expect([none.seen.opened, vi.mocked(none.made.fetch).mock.calls]).toEqual([[NEWS.path], []]);
  });

  it("says when an answer was not taken", async () => {
    const refusal = async () => new Response(JSON.stringify({ detail: "settled before" }), { status: 409 });
    for (const [answer, why] of [
      [refusal, "settled before"],
      [async () => Promise.reject(new TypeError("no network")), "The hub is not reached"],
    ] as const) {
      const { made, seen } = host([], answer);
      await act(made, { path: NEWS.path, tag: NEWS.tag, locale: "en", right: "fgr_1" }, "deny");
      expect(seen.notices[0]?.[1]).toMatchObject({ body: why, tag: "apr_1", data: { path: NEWS.path } });
    }
  });

  it("is silent while its thing is on the screen, and only then", async () => {
    const url = "https://hub.example/approvals/apr_1";
    for (const [pages, times] of [
      [[{ url, visibilityState: "visible" }], 0],
      [[{ url, visibilityState: "hidden" }], 1],
      [[{ url: "https://hub.example/nodes", visibilityState: "visible" }], 1],
      [[], 1],
    ] as const) {
      const { made, seen } = host([...pages]);
      await shown(made, JSON.stringify(NEWS));
      expect(seen.notices).toHaveLength(times);
      expect(made.navigator.setAppBadge).toHaveBeenCalledWith(2);
    }
  });

  it("that is not understood is shown all the same, and leads home", async () => {
    for (const text of ["", "{", "null", '{"kind":"other","path":"/x"}', '{"kind":"test","path":"https://evil.example"}']) {
      expect(read(text), text).toBeUndefined();
      const { made, seen } = host();
      await shown(made, text);
      expect(seen.notices).toEqual([["Fugue", expect.objectContaining({ data: { path: "/" } })]]);
    }
  });

  it("opens its thing in the page that is there", async () => {
    const { made, seen, focus } = host([{ url: "https://hub.example/", visibilityState: "hidden" }]);
    await opened(made, { path: NEWS.path, tag: NEWS.tag, locale: "en" });
    expect([seen.told, seen.opened, focus.mock.calls.length]).toEqual([[{ open: NEWS.path }], [], 1]);
  });
});
