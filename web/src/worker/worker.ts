// The service worker: opens the cockpit without a network, and shows what the hub pushes. It holds no state but its cache.
import { act, opened, shown } from "@/worker/news";
import { KEPT, nameOf } from "@/worker/shell";

declare const self: ServiceWorkerGlobalScope;
/** Written in by scripts/worker.mjs. */
declare const SHELL: { version: string; files: string[] };

const { version, files } = SHELL;
const CACHE = KEPT + version;

self.addEventListener("install", (event) => {
  // Whole or not at all: a version that lacks a file never takes over.
  const wanted = files.map((path) => new Request(path, { cache: "reload", credentials: "omit" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(wanted)));
});

self.addEventListener("activate", (event) => {
  const clear = async () => {
    const old = (await caches.keys()).filter((name) => name.startsWith(KEPT) && name !== CACHE);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(clear());
});

self.addEventListener("fetch", (event) => {
  const name = nameOf(event.request, self.location.origin, files);
  if (name === undefined) return;
  const answer = async () => (await (await caches.open(CACHE)).match(name)) ?? fetch(event.request);
  event.respondWith(answer());
});

self.addEventListener("message", (event) => {
  // The person wants the new version now.
  if (event.data === "take over") void self.skipWaiting();
});

self.addEventListener("push", (event) => event.waitUntil(shown(self, event.data?.text() ?? "")));
self.addEventListener("notificationclick", (event) => {
  const { notification, action } = event;
  notification.close();
  event.waitUntil(action === "approve" || action === "deny" ? act(self, notification.data, action) : opened(self, notification.data));
});
