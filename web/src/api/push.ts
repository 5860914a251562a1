import { queryOptions } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import type { components } from "@/api/schema.gen";
import { theWorker } from "@/api/worker";

export type PushWish = components["schemas"]["PushWish"];
export type PushKind = components["schemas"]["PushKind"];

export const pushQuery = queryOptions({ queryKey: ["push"], queryFn: () => take(api.GET("/api/v1/push")), retry: false });

/** What this browser and its person allow: `no` is a browser without pushes, or a page without HTTPS. */
export function allowance(): "no" | "ask" | "yes" | "refused" {
  if (navigator.serviceWorker === undefined || !("PushManager" in window) || !("Notification" in window)) return "no";
  return Notification.permission === "granted" ? "yes" : Notification.permission === "denied" ? "refused" : "ask";
}

/** base64url as bytes. */
function bytes(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function isSame(one: ArrayBuffer | null, other: Uint8Array): boolean {
  if (one === null || one.byteLength !== other.length) return false;
  const view = new Uint8Array(one);
  return other.every((byte, at) => byte === view[at]);
}

/** Subscribes this browser with the hub's key, unless it is, and tells the hub what is wanted. Asks the person for leave if need be. */
export async function subscribe(key: string, wish: PushWish): Promise<void> {
  const { pushManager } = await theWorker();
  const applicationServerKey = bytes(key);
  let subscription = await pushManager.getSubscription();
  if (subscription !== null && !isSame(subscription.options.applicationServerKey, applicationServerKey)) {
    await subscription.unsubscribe();
    subscription = null;
  }
  subscription ??= await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
  const { endpoint, keys } = subscription.toJSON();
  await take(api.PUT("/api/v1/push", { body: { endpoint: endpoint ?? "", p256dh: keys?.p256dh ?? "", auth: keys?.auth ?? "", wish } }));
}

/** Nothing is pushed to this browser any more. */
export async function unsubscribe(): Promise<void> {
  await take(api.DELETE("/api/v1/push"));
  await forgetPushes();
}

/** The browser's own half: its push service forgets it, and what was shown goes. */
export async function forgetPushes(): Promise<void> {
  const worker = await navigator.serviceWorker?.getRegistration();
  if (worker === undefined) return;
  await (await worker.pushManager?.getSubscription())?.unsubscribe();
  for (const shown of (await worker.getNotifications?.()) ?? []) shown.close();
}

/** Notifications of questions that are settled go. */
export async function closeSettled(pending: readonly string[]): Promise<void> {
  const worker = await navigator.serviceWorker?.getRegistration();
  for (const shown of (await worker?.getNotifications?.()) ?? []) {
    if (shown.tag.startsWith("apr_") && !pending.includes(shown.tag)) shown.close();
  }
}

export function testPush() {
  return take(api.POST("/api/v1/push/test"));
}
