// The routes of the dashboard. Pages are loaded when they are first visited.
import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  type RouterHistory,
  redirect,
} from "@tanstack/react-router";
import { parseConnectionsSearch } from "~/features/connections/search";
import { DashboardSkeleton } from "~/features/dashboard/dashboard-skeleton";
import { parseInspectorSearch } from "~/features/inspector/search";
import { parseLogsSearch } from "~/features/logs/search";
import { parseFormSearch, parseMappingsSearch } from "~/features/mappings/search";
import { parseRequestsSearch } from "~/features/requests/search";
import { mappingsQuery, statusQuery } from "~/shared/api/queries";
import { ensureSession } from "~/shared/api/session";
import { text } from "~/shared/lib/search";
import { NotFoundPage, ProblemPage } from "./problem-pages";
import { AppShell } from "./shell";

interface RouterContext {
  queryClient: QueryClient;
}

const rootRoute = createRootRouteWithContext<RouterContext>()({
  component: Outlet,
  errorComponent: ProblemPage,
});

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/login",
  validateSearch: (search: Record<string, unknown>): { next?: string } => ({ next: text(search.next) }),
  component: lazyRouteComponent(() => import("~/features/auth/sign-in-page"), "SignInPage"),
});

const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "shell",
  beforeLoad: async ({ location }) => {
    if (await ensureSession()) return;
    throw redirect({ to: "/login", search: { next: location.href === "/" ? undefined : location.href } });
  },
  loader: ({ context }) => {
    void context.queryClient.prefetchQuery(statusQuery);
    void context.queryClient.prefetchQuery(mappingsQuery);
  },
  component: AppShell,
  errorComponent: ProblemPage,
  notFoundComponent: NotFoundPage,
});

const dashboardRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/",
  component: lazyRouteComponent(() => import("./dashboard-route"), "DashboardRoute"),
  pendingComponent: DashboardSkeleton,
});

const mappingsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/mappings",
  validateSearch: parseMappingsSearch,
  component: lazyRouteComponent(() => import("~/features/mappings/mappings-page"), "MappingsPage"),
});

const newMappingRoute = createRoute({
  getParentRoute: () => mappingsRoute,
  path: "/new",
  validateSearch: parseFormSearch,
  component: lazyRouteComponent(() => import("~/features/mappings/form/form-drawers"), "NewMappingDrawer"),
});

const editMappingRoute = createRoute({
  getParentRoute: () => mappingsRoute,
  path: "/$id",
  component: lazyRouteComponent(() => import("~/features/mappings/form/form-drawers"), "EditMappingDrawer"),
});

const requestsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/requests",
  validateSearch: parseRequestsSearch,
  component: lazyRouteComponent(() => import("~/features/requests/requests-page"), "RequestsPage"),
});

const inspectorRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/inspector",
  validateSearch: parseInspectorSearch,
  component: lazyRouteComponent(() => import("~/features/inspector/inspector-page"), "InspectorPage"),
});

const connectionsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/connections",
  validateSearch: parseConnectionsSearch,
  component: lazyRouteComponent(() => import("~/features/connections/connections-page"), "ConnectionsPage"),
});

const gatewayLogRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/logs/gateway",
  validateSearch: parseLogsSearch,
  component: lazyRouteComponent(() => import("~/features/logs/logs-page"), "GatewayLogPage"),
});

const agentLogRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/logs/agent",
  validateSearch: parseLogsSearch,
  component: lazyRouteComponent(() => import("~/features/logs/logs-page"), "AgentLogPage"),
});

const caddyRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/caddy",
  component: lazyRouteComponent(() => import("~/features/caddy/caddy-page"), "CaddyPage"),
});

const settingsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/settings",
  component: lazyRouteComponent(() => import("~/features/settings/settings-page"), "SettingsPage"),
});

const settingsIndexRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/settings/landing" });
  },
});

const landingRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "/landing",
  component: lazyRouteComponent(() => import("~/features/settings/landing/landing-tab"), "LandingTab"),
});

const dataRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "/data",
  component: lazyRouteComponent(() => import("~/features/settings/data/data-tab"), "DataTab"),
});

const sessionsRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "/sessions",
  component: lazyRouteComponent(() => import("~/features/settings/sessions/sessions-tab"), "SessionsTab"),
});

const routeTree = rootRoute.addChildren([
  signInRoute,
  shellRoute.addChildren([
    dashboardRoute,
    mappingsRoute.addChildren([newMappingRoute, editMappingRoute]),
    requestsRoute,
    inspectorRoute,
    connectionsRoute,
    gatewayLogRoute,
    agentLogRoute,
    caddyRoute,
    settingsRoute.addChildren([settingsIndexRoute, landingRoute, dataRoute, sessionsRoute]),
  ]),
]);

export function createAppRouter(queryClient: QueryClient, history?: RouterHistory) {
  return createRouter({
    routeTree,
    context: { queryClient },
    history,
    defaultPreload: "intent",
    defaultPendingMs: 150,
    // A skeleton goes as soon as there is something to show.
    defaultPendingMinMs: 0,
    defaultErrorComponent: ProblemPage,
    defaultNotFoundComponent: NotFoundPage,
    scrollRestoration: true,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
