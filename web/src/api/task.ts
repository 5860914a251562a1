import { queryOptions } from "@tanstack/react-query";
import { api, type Finding, type NewTask, type Task, type TaskChange, type TaskDetail, take } from "@/api/client";

/** Which tasks the board shows; what is absent narrows nothing. */
export type TaskFilter = {
  q?: string | undefined;
  project?: string | undefined;
  plan?: string | undefined;
  label?: string | undefined;
};

export type Verb = "start" | "retry" | "submit" | "approve" | "take_over" | "cancel";

/** Open tasks that a board reads at most; beyond, it says that there are more. */
export const OPEN_MAX = 1_000;
/** Tasks that are over, newest first, that a board shows. */
const OVER_MAX = 50;
const PAGE = 200;
/** What nobody tells: what its session costs and whether it is parked. */
const AGAIN_MS = 15_000;

type State = "open" | "done" | "cancelled" | "needs_human" | "review" | "checking" | "merging";

async function tasks(filter: TaskFilter, state: State, most: number): Promise<{ items: Task[]; more: boolean }> {
  const items: Task[] = [];
  const { q, project, plan, label } = filter;
  const narrow = { ...(q && { q }), ...(project && { project }), ...(plan && { plan }), ...(label && { label }) };
  let cursor: string | null = "";
  while (cursor !== null && items.length < most) {
    const query = { ...narrow, state, limit: Math.min(PAGE, most), ...(cursor && { cursor }) };
    const page: { items: Task[]; next_cursor: string | null } = await take(api.GET("/api/v1/tasks", { params: { query } }));
    items.push(...page.items);
    cursor = page.next_cursor;
  }
  return { items, more: cursor !== null };
}

/** Everything that is open, and what ended last. */
export function boardQuery(filter: TaskFilter) {
  return queryOptions({
    queryKey: ["tasks", "board", filter],
    queryFn: async () => {
      const [open, done, cancelled] = await Promise.all([
        tasks(filter, "open", OPEN_MAX),
        tasks(filter, "done", OVER_MAX),
        tasks(filter, "cancelled", OVER_MAX),
      ]);
      return { items: [...open.items, ...done.items, ...cancelled.items], more: open.more };
    },
    refetchInterval: AGAIN_MS,
  });
}

/** Tasks that a person must look at. */
export const needingQuery = queryOptions({
  queryKey: ["tasks", "needing"],
  queryFn: async () => (await tasks({}, "needs_human", OPEN_MAX)).items,
});

/** Tasks that a program works on: their checks run, or their change is on its way to its branch. */
export const provingQuery = queryOptions({
  queryKey: ["tasks", "proving"],
  queryFn: async () => (await Promise.all([tasks({}, "checking", PAGE), tasks({}, "merging", PAGE)])).flatMap(({ items }) => items),
});

/** Tasks whose change is being judged. */
export const reviewingQuery = queryOptions({
  queryKey: ["tasks", "reviewing"],
  queryFn: async () => (await tasks({}, "review", PAGE)).items,
});

export function taskQuery(id: string) {
  return queryOptions({
    queryKey: ["task", id],
    queryFn: () => take(api.GET("/api/v1/tasks/{id}", { params: { path: { id } } })),
    refetchInterval: AGAIN_MS,
  });
}

/** The change as text. It is asked of the machine that has it, so only where it is shown. */
export function diffQuery(id: string) {
  return queryOptions({
    queryKey: ["diff", id],
    queryFn: () => take(api.GET("/api/v1/tasks/{id}/diff", { params: { path: { id } } })),
    staleTime: 60_000,
  });
}

export function reviewsQuery(id: string) {
  return queryOptions({
    queryKey: ["reviews", id],
    queryFn: async () => (await take(api.GET("/api/v1/tasks/{id}/reviews", { params: { path: { id } } }))).items,
  });
}

export function doTask(id: string, verb: Verb, text?: string): Promise<TaskDetail> {
  const given = { params: { path: { id } }, body: { text: text === undefined || text.trim() === "" ? null : text.trim() } };
  switch (verb) {
    case "start":
      return take(api.POST("/api/v1/tasks/{id}/start", given));
    case "retry":
      return take(api.POST("/api/v1/tasks/{id}/retry", given));
    case "submit":
      return take(api.POST("/api/v1/tasks/{id}/submit", given));
    case "approve":
      return take(api.POST("/api/v1/tasks/{id}/approve", given));
    case "take_over":
      return take(api.POST("/api/v1/tasks/{id}/take-over", given));
    case "cancel":
      return take(api.POST("/api/v1/tasks/{id}/cancel", given));
  }
}

export function changeTask(id: string, body: TaskChange): Promise<TaskDetail> {
  return take(api.PATCH("/api/v1/tasks/{id}", { params: { path: { id } }, body: body as Required<TaskChange> }));
}

export function makeTasks(body: { project: string; draft: boolean; tasks: NewTask[] }, key: string) {
  return take(api.POST("/api/v1/tasks", { body, params: { header: { "Idempotency-Key": key } } }));
}

export type NewReview = { verdict: "approve" | "request_changes"; commit: string; summary: string; comments: Finding[] };

export function judge(id: string, body: NewReview, key: string) {
  return take(api.POST("/api/v1/tasks/{id}/review", { params: { path: { id }, header: { "Idempotency-Key": key } }, body }));
}
