// This page and its service worker: it is registered, says when a new version stands ready, and the browser's offer to install is kept.
import { useSyncExternalStore } from "react";
import { link } from "@/api/live";

const PATH = "/sw.js";
/** A new version comes with a new hub, so it is looked for when the connection comes back, and not more often than this. */
const LOOK_MS = 60_000;

type Policy = { createScriptURL: (text: string) => string };
type WithPolicies = { trustedTypes?: { createPolicy: (name: string, rules: Policy) => Policy } };
type Offer = Event & { prompt: () => Promise<unknown> };

let registration: ServiceWorkerRegistration | undefined;
let waiting: ServiceWorker | undefined;
let offer: Offer | undefined;
let looked = 0;
const listeners = new Set<() => void>();

function changed(): void {
  for (const listener of listeners) listener();
}

function onChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The one text that may become the address of a script; the policy of the page knows no other maker of them. */
function address(): string {
  const refuse = (text: string) => {
    if (text !== PATH) throw new TypeError(`${text} is no script of ours`);
    return text;
  };
  const policy = (window as WithPolicies).trustedTypes?.createPolicy("fugue-worker", { createScriptURL: refuse });
  return policy === undefined ? PATH : policy.createScriptURL(PATH);
}

/** Registers the worker, where the browser has any: over HTTPS, and on this machine. */
export function startWorker(): void {
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    offer = event as Offer;
    changed();
  });
  addEventListener("appinstalled", () => {
    offer = undefined;
    changed();
  });
  const { serviceWorker } = navigator;
  if (serviceWorker === undefined || !import.meta.env.PROD) return;
  // The first worker takes over a page that is current; any later one belongs to files of another version, which this page must not mix.
  let controlled = serviceWorker.controller !== null;
  serviceWorker.addEventListener("controllerchange", () => {
    if (controlled) location.reload();
    controlled = true;
  });
  serviceWorker.register(address(), { scope: "/", updateViaCache: "none" }).then(watch, () => {
    // Without a worker everything works but opening offline and pushes; Settings says so.
  });
  link.onChange(() => {
    if (link.now().kind !== "live" || Date.now() - looked < LOOK_MS) return;
    looked = Date.now();
    registration?.update().catch(() => {});
  });
}

function watch(made: ServiceWorkerRegistration): void {
  registration = made;
  const ready = () => {
    // The very first one waits for nobody.
    if (made.waiting === null || navigator.serviceWorker.controller === null) return;
    waiting = made.waiting;
    changed();
  };
  ready();
  made.addEventListener("updatefound", () => made.installing?.addEventListener("statechange", ready));
  changed();
}

/** The person opened a notification: its thing is to be shown in this page. */
export function onOpened(show: (path: string) => void): void {
  navigator.serviceWorker?.addEventListener("message", (event) => {
    const path: unknown = (event.data as { open?: unknown } | null)?.open;
    if (typeof path === "string" && /^\/[a-z]*(\/[a-z0-9_]+)?$/.test(path)) show(path);
  });
}

/** The worker that works, once there is one. */
export function theWorker(): Promise<ServiceWorkerRegistration> {
  return navigator.serviceWorker.ready;
}

/** Whether a new version stands ready. */
export function useWaiting(): boolean {
  return useSyncExternalStore(onChange, () => waiting !== undefined);
}

/** Lets the new version take over; every open page of the cockpit is loaded anew, with its drafts and its outbox. */
export function takeOver(): void {
  waiting?.postMessage("take over");
}

/** The browser's offer to install the cockpit, if it made one. */
export function useOffer(): (() => void) | undefined {
  const made = useSyncExternalStore(onChange, () => offer);
  if (made === undefined) return undefined;
  return () => {
    offer = undefined;
    changed();
    void made.prompt();
  };
}
