import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import type { Filter } from "@/api/session";
import { NowRoute } from "@/routes/now";
import { Broken, Missing, Root } from "@/routes/root";
import { NoSession, SessionsRoute } from "@/routes/sessions";

const STATES: readonly string[] = ["open", "idle", "busy", "waiting", "parked", "closed"];

const pages = () => import("@/routes/pages");
const root = createRootRoute({ component: Root, notFoundComponent: Missing, errorComponent: Broken });
const now = createRoute({ getParentRoute: () => root, path: "/", component: NowRoute });
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
});
const approvals = createRoute({ getParentRoute: () => root, path: "/approvals", component: lazyRouteComponent(pages, "ApprovalsRoute") });
const approval = createRoute({ getParentRoute: () => root, path: "/approvals/$id", component: lazyRouteComponent(pages, "ApprovalRoute") });
const nodes = createRoute({ getParentRoute: () => root, path: "/nodes", component: lazyRouteComponent(pages, "NodesRoute") });
const settings = createRoute({ getParentRoute: () => root, path: "/settings", component: lazyRouteComponent(pages, "SettingsRoute") });

const pair = createRoute({ getParentRoute: () => root, path: "/pair", component: lazyRouteComponent(pages, "PairRoute") });

export const router = createRouter({
  routeTree: root.addChildren([now, sessions.addChildren([noSession, newSession, session]), approvals, approval, nodes, settings, pair]),
  defaultPreload: "intent",
  // Scrolling is each list's own; the router's way would need a script of its own in the page.
  scrollRestoration: false,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
