import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import type { EventFilter } from "@/api/across";
import type { CostFilter as CostSearch } from "@/api/cost";
import type { PlanFilter } from "@/api/plan";
import type { Filter } from "@/api/session";
import type { TaskFilter } from "@/api/task";
import { askForNow, NowRoute } from "@/routes/now";
import { Broken, Missing, Root } from "@/routes/root";
import { NoSession, SessionsRoute } from "@/routes/sessions";

const STATES: readonly string[] = ["open", "idle", "busy", "waiting", "parked", "closed"];
const PLAN_STATES: readonly string[] = ["planning", "proposed", "accepted", "rejected", "failed", "over"];
const TASK_FILTERS = ["q", "project", "plan", "label"] as const;

const pages = () => import("@/routes/pages");
const costPage = () => import("@/routes/cost");
const agentPages = () => import("@/routes/agents");
const eventPage = () => import("@/routes/events");

/** A word of the address, if it is one of these. */
function one<T extends string | number>(value: unknown, words: readonly T[]): T | undefined {
  return words.find((word) => String(word) === String(value));
}

/** What is known of a search, without what is not. */
function definite<T extends object>(search: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** Any words of the address. */
function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

const root = createRootRoute({ component: Root, notFoundComponent: Missing, errorComponent: Broken });
const now = createRoute({ getParentRoute: () => root, path: "/", loader: askForNow, component: NowRoute });
const sessions = createRoute({
  getParentRoute: () => root,
  path: "/sessions",
  component: SessionsRoute,
  validateSearch: (search: Record<string, unknown>): Filter => ({
    ...(typeof search.q === "string" && search.q !== "" && { q: search.q }),
    ...(STATES.includes(String(search.state)) && { state: search.state as NonNullable<Filter["state"]> }),
  }),
});
const noSession = createRoute({ getParentRoute: () => sessions, path: "/", component: NoSession });
const newSession = createRoute({ getParentRoute: () => sessions, path: "new", component: lazyRouteComponent(pages, "NewSessionRoute") });
const session = createRoute({
  getParentRoute: () => sessions,
  path: "$id",
  component: lazyRouteComponent(() => import("@/routes/session"), "SessionRoute"),
  // The number of the event that is to be seen.
  validateSearch: ({ at }: Record<string, unknown>): { at?: number } =>
    definite({ at: Number.isSafeInteger(at) && Number(at) > 0 ? Number(at) : undefined }),
});
const raw = createRoute({
  getParentRoute: () => sessions,
  path: "$id/raw",
  component: lazyRouteComponent(() => import("@/routes/raw"), "RawRoute"),
});
const approvals = createRoute({ getParentRoute: () => root, path: "/approvals", component: lazyRouteComponent(pages, "ApprovalsRoute") });
const approval = createRoute({ getParentRoute: () => root, path: "/approvals/$id", component: lazyRouteComponent(pages, "ApprovalRoute") });
const nodes = createRoute({ getParentRoute: () => root, path: "/nodes", component: lazyRouteComponent(pages, "NodesRoute") });
const settings = createRoute({ getParentRoute: () => root, path: "/settings", component: lazyRouteComponent(pages, "SettingsRoute") });
const more = createRoute({ getParentRoute: () => root, path: "/more", component: lazyRouteComponent(pages, "MoreRoute") });

const work = () => import("@/routes/tasks");
const tasks = createRoute({
  getParentRoute: () => root,
  path: "/tasks",
  component: lazyRouteComponent(work, "BoardRoute"),
  validateSearch: (search: Record<string, unknown>): TaskFilter =>
    Object.fromEntries(
      TASK_FILTERS.flatMap((name) => (typeof search[name] === "string" && search[name] !== "" ? [[name, search[name]]] : [])),
    ),
});
const newTask = createRoute({ getParentRoute: () => root, path: "/tasks/new", component: lazyRouteComponent(work, "NewTaskRoute") });
const task = createRoute({ getParentRoute: () => root, path: "/tasks/$id", component: lazyRouteComponent(work, "TaskRoute") });
const review = createRoute({ getParentRoute: () => root, path: "/tasks/$id/review", component: lazyRouteComponent(work, "ReviewRoute") });
const plans = createRoute({
  getParentRoute: () => root,
  path: "/plans",
  component: lazyRouteComponent(work, "PlansRoute"),
  validateSearch: (search: Record<string, unknown>): PlanFilter =>
    PLAN_STATES.includes(String(search.state)) ? { state: search.state as NonNullable<PlanFilter["state"]> } : {},
});
const newPlan = createRoute({ getParentRoute: () => root, path: "/plans/new", component: lazyRouteComponent(work, "NewPlanRoute") });
const plan = createRoute({ getParentRoute: () => root, path: "/plans/$id", component: lazyRouteComponent(work, "PlanRoute") });
const queue = createRoute({ getParentRoute: () => root, path: "/merge-queue", component: lazyRouteComponent(work, "MergeQueueRoute") });
const ofWork = [tasks, newTask, task, review, plans, newPlan, plan, queue] as const;

const cost = createRoute({
  getParentRoute: () => root,
  path: "/cost",
  component: lazyRouteComponent(costPage, "CostRoute"),
  validateSearch: ({ by, days }: Record<string, unknown>): CostSearch =>
    definite({ by: one(by, ["day", "project", "agent", "model", "task", "session"]), days: one(days, [7, 30, 90, 365]) }),
});
const agents = createRoute({ getParentRoute: () => root, path: "/agents", component: lazyRouteComponent(agentPages, "AgentsRoute") });
const noAgent = createRoute({ getParentRoute: () => agents, path: "/", component: lazyRouteComponent(agentPages, "NoAgent") });
const agent = createRoute({
  getParentRoute: () => agents,
  path: "$name",
  component: lazyRouteComponent(agentPages, "AgentRoute"),
  validateSearch: ({ run }: Record<string, unknown>): { run?: string } => definite({ run: text(run) }),
});
const events = createRoute({
  getParentRoute: () => root,
  path: "/events",
  component: lazyRouteComponent(eventPage, "EventsRoute"),
  validateSearch: ({ kind, level, project, session }: Record<string, unknown>): EventFilter =>
    definite({ kind: text(kind), level: one(level, ["info", "warning", "error"]), project: text(project), session: text(session) }),
});

const pair = createRoute({ getParentRoute: () => root, path: "/pair", component: lazyRouteComponent(pages, "PairRoute") });

export const router = createRouter({
  routeTree: root.addChildren([
    now,
    sessions.addChildren([noSession, newSession, session, raw]),
    ...ofWork,
    approvals,
    approval,
    nodes,
    cost,
    agents.addChildren([noAgent, agent]),
    events,
    settings,
    more,
    pair,
  ]),
  // Inside the frame: a screen that cannot be shown takes no other with it.
  defaultErrorComponent: Broken,
  defaultPreload: "intent",
  // Scrolling is each list's own; the router's way would need a script of its own in the page.
  scrollRestoration: false,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
