/** Which page is at which address. Pages are loaded when they are first gone to. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import type { InstanceFilter } from "./api/queries.ts";
import type { InstanceStatus } from "./api/types.ts";
import type { AuditFilter } from "./settings/queries.ts";
import { Layout, NotFound } from "./layout.tsx";
import { Problem } from "./ui/problem.tsx";
import { STATUSES } from "./ui/status.tsx";

const root = createRootRoute({ component: Layout, notFoundComponent: NotFound });

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

const workflows = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: ({ search }: Record<string, unknown>): { search?: string | undefined } => ({ search: text(search) }),
  component: lazyRouteComponent(() => import("./workflows/page.tsx")),
});

const instances = createRoute({
  getParentRoute: () => root,
  path: "/workflows/$workflow",
  validateSearch: ({ status, from, to }: Record<string, unknown>): InstanceFilter => ({
    status: typeof status === "string" && status in STATUSES ? (status as InstanceStatus) : undefined,
    from: text(from),
    to: text(to),
  }),
  component: lazyRouteComponent(() => import("./instances/page.tsx")),
});

const create = createRoute({
  getParentRoute: () => root,
  path: "/workflows/$workflow/new",
  validateSearch: ({ like }: Record<string, unknown>): { like?: string | undefined } => ({ like: text(like) }),
  component: lazyRouteComponent(() => import("./instances/create.tsx")),
});

const instance = createRoute({
  getParentRoute: () => root,
  path: "/workflows/$workflow/instances/$id",
  validateSearch: ({ step, view }: Record<string, unknown>): { step?: string | undefined; view?: "graph" | undefined } => ({
    step: text(step),
    view: view === "graph" ? view : undefined,
  }),
  component: lazyRouteComponent(() => import("./instance/page.tsx")),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  component: lazyRouteComponent(() => import("./settings/layout.tsx")),
});

const settingsIndex = createRoute({
  getParentRoute: () => settings,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/settings/access" });
  },
});

const access = createRoute({
  getParentRoute: () => settings,
  path: "access",
  component: lazyRouteComponent(() => import("./settings/access.tsx")),
});

const policies = createRoute({
  getParentRoute: () => settings,
  path: "policies",
  component: lazyRouteComponent(() => import("./settings/policies.tsx")),
});

const limits = createRoute({
  getParentRoute: () => settings,
  path: "limits",
  component: lazyRouteComponent(() => import("./settings/limits.tsx")),
});

const audit = createRoute({
  getParentRoute: () => settings,
  path: "audit",
  validateSearch: ({ who, action, from, to }: Record<string, unknown>): AuditFilter => ({
    who: text(who),
    action: text(action),
    from: text(from),
    to: text(to),
  }),
  component: lazyRouteComponent(() => import("./settings/audit.tsx")),
});

export const router = createRouter({
  routeTree: root.addChildren([
    workflows,
    instances,
    create,
    instance,
    settings.addChildren([settingsIndex, access, policies, limits, audit]),
  ]),
  defaultPreload: "intent",
  defaultErrorComponent: ({ error, reset }) => <Problem cause={error as Error} retry={reset} />,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    readonly router: typeof router;
  }
}
