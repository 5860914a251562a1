// The query cache and the live connection of this page: a hint says which lists are to be read again.
import { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { Failure } from "@/api/client";
import type { Hint } from "@/api/event";
import { Link, type Standing } from "@/api/link";

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // The connection says when the hub is back, so a query neither waits for the browser's opinion nor hammers.
      networkMode: "always",
      refetchOnReconnect: false,
      refetchOnWindowFocus: false,
      retry: (count, error) => count < 2 && error instanceof Failure && error.passing,
    },
    mutations: { networkMode: "always" },
  },
});

/** Lists are read at most this often because of hints. */
const GATHER_MS = 250;
const stale = new Set<string>();
let timer: ReturnType<typeof setTimeout> | undefined;
/** Which reading is under way; a reading that was overtaken by a new connection is waited for no more. */
let reading: symbol | undefined;

/** What shows tasks: a task that goes on moves its plan and the merge queue too. */
const WORK = ["tasks", "task", "plans", "plan", "merge-queue", "reviews", "diff"];

/** Which lists a hint makes old. */
export function meant(hint: Hint): string[] {
  if (hint === "everything")
    return ["sessions", "session", "approvals", "approval", "nodes", "turn", "me", "costs", "budgets", "runs", ...WORK];
  if ("session" in hint) return ["sessions", "session"];
  if ("approval" in hint) return ["approvals", "approval", "sessions", "tasks", "task"];
  if ("task" in hint || "plan" in hint) return WORK;
  if ("node" in hint) return ["nodes"];
  return [];
}

const hearers = new Set<(hint: Hint) => void>();

/** Hears every hint, until the returned function is called. */
export function onHint(hearer: (hint: Hint) => void): () => void {
  hearers.add(hearer);
  return () => hearers.delete(hearer);
}

/** What a hint makes old is read again soon; while a busy hub still answers the last reading, no other one is begun behind it. */
export function hear(hint: Hint): void {
  for (const hearer of hearers) hearer(hint);
  for (const key of meant(hint)) stale.add(key);
  // The connection is a new one: what was asked on the old one may never be answered.
  if (hint === "everything") reading = undefined;
  gather();
}

function gather(): void {
  if (timer !== undefined || reading !== undefined || stale.size === 0) return;
  timer = setTimeout(() => {
    timer = undefined;
    const mine = Symbol();
    reading = mine;
    const read = [...stale].map((key) => queries.invalidateQueries({ queryKey: [key] }));
    stale.clear();
    void Promise.allSettled(read).then(() => {
      if (reading !== mine) return;
      reading = undefined;
      gather();
    });
  }, GATHER_MS);
}

export const link = new Link(hear);

export function useStanding(): Standing {
  return useSyncExternalStore(
    (listener) => link.onChange(listener),
    () => link.now(),
  );
}
