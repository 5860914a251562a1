// What the hub pushes, and what comes of it on this device: a notification, in the person's language, which opens its thing or answers its
// question. The text of a push is what crates/hub/src/push/news.rs says; it names things and never repeats a prompt.
import { m } from "@/text/gen/messages.js";

export type News = {
  kind: "approval" | "needs_human" | "finished" | "failed" | "test";
  /** What it is about: a later push about the same takes the place of an earlier one. */
  tag: string;
  path: string;
  title: string;
  tool?: string;
  locale: "en" | "ja";
  /** How many decisions wait. */
  waiting: number;
  /** Answers this one question, once. */
  right?: string;
};

type Data = Pick<News, "path" | "locale" | "tag"> & { right?: string | undefined };
type Shown = NotificationOptions & { actions?: { action: string; title: string }[]; renotify?: boolean };
type Page = { url: string; visibilityState?: string; focus?: () => Promise<unknown>; postMessage: (words: unknown) => void };

/** The parts of a worker's world that are used here. */
export type Host = {
  location: { origin: string };
  clients: {
    matchAll: (which: { type: "window"; includeUncontrolled: boolean }) => Promise<readonly Page[]>;
    openWindow: (url: string) => Promise<unknown>;
  };
  registration: { showNotification: (title: string, options?: NotificationOptions) => Promise<void> };
  navigator: { setAppBadge?: (count: number) => Promise<void>; clearAppBadge?: () => Promise<void> };
  fetch: typeof fetch;
};

/** A push as it was decrypted; undefined when it is none of this version's. */
export function read(text: string): News | undefined {
  try {
    const news = JSON.parse(text) as News;
    return typeof news.path === "string" && news.path.startsWith("/") && news.kind in WORDS ? news : undefined;
  } catch {
    return undefined;
  }
}

type Words = (news: News, locale: { locale: "en" | "ja" }) => string;
const WORDS: Record<News["kind"], Words> = {
  approval: ({ tool }, locale) => (tool === undefined ? m.push_budget({}, locale) : m.push_approval({ tool }, locale)),
  needs_human: (_, locale) => m.push_needs_human({}, locale),
  finished: (_, locale) => m.push_finished({}, locale),
  failed: (_, locale) => m.push_failed({}, locale),
  test: (_, locale) => m.push_test_body({}, locale),
};

/** Title and options of the notification. */
export function notification(news: News): [string, Shown] {
  const locale = { locale: news.locale };
  const { path, tag, right } = news;
  const data: Data = { path, tag, locale: news.locale, right };
  const options: Shown = {
    body: WORDS[news.kind](news, locale),
    tag,
    data,
    lang: news.locale,
    icon: "/icon-192.png",
    badge: "/badge-96.png",
  };
  if (news.kind === "approval" || news.kind === "needs_human") Object.assign(options, { requireInteraction: true, renotify: true });
  if (right !== undefined) {
    options.actions = [
      { action: "deny", title: m.push_deny({}, locale) },
      { action: "approve", title: m.push_approve({}, locale) },
    ];
  }
  return [news.title === "" ? "Fugue" : news.title, options];
}

/** Shows a push, unless its thing is on the screen already. */
export async function shown(host: Host, text: string): Promise<void> {
  const news = read(text);
  // Browsers want every push to be seen; one that a newer hub sent may be about anything.
  if (news === undefined)
    return host.registration.showNotification("Fugue", { tag: "unknown", data: { path: "/" }, icon: "/icon-192.png" });
  if (news.waiting > 0) await host.navigator.setAppBadge?.(news.waiting).catch(() => {});
  else await host.navigator.clearAppBadge?.().catch(() => {});
  const pages = await host.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (pages.some((page) => page.visibilityState === "visible" && new URL(page.url).pathname === news.path)) return;
  await host.registration.showNotification(...notification(news));
}

/** Opens what a notification is about: in a page that is there, or in a new one. */
export async function opened(host: Host, data: Data | undefined): Promise<void> {
  const path = data?.path ?? "/";
  const [page] = await host.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (page?.focus === undefined) return void (await host.clients.openWindow(path));
  page.postMessage({ open: path });
  await page.focus();
}

/** Answers the question of a notification, with the cookie of this device and the right that came with the push. */
export async function act(host: Host, data: Data | undefined, verdict: "approve" | "deny"): Promise<void> {
  if (data?.right === undefined) return opened(host, data);
  const why = await host
    .fetch("/api/v1/push/answers", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ right: data.right, verdict }),
    })
    .then(
      async (reply) =>
        reply.ok ? undefined : (((await reply.json().catch(() => ({}))) as { detail?: string }).detail ?? String(reply.status)),
      () => m.offline_title({}, { locale: data.locale }),
    );
  if (why === undefined) return;
  const { path, tag, locale } = data;
  const options: Shown = { body: why, tag, lang: locale, icon: "/icon-192.png", badge: "/badge-96.png", data: { path, tag, locale } };
  await host.registration.showNotification(m.push_not_answered({}, { locale }), options);
}
