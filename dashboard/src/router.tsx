/** The routes and their titles. Pages are loaded on first visit. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { queryClient } from "./api/queries.ts";
import { timelineQuery } from "./instance/queries.ts";
import { readFilter } from "./instances/filter.ts";
import { Layout, NotFound } from "./layout.tsx";
import type { AuditFilter } from "./settings/queries.ts";
import { below, type Crumb } from "./shell/trail.ts";
import { Problem } from "./ui/problem.tsx";

const root = createRootRoute({ component: Layout, notFoundComponent: NotFound });

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

/** The page of a workflow, on the way to others. */
const ofWorkflow = ({ workflow = "" }: Readonly<Record<string, string>>): Crumb => ({
  title: workflow,
  to: `/workflows/${workflow}`,
});

const workflows = createRoute({
  getParentRoute: () => root,
  path: "/",
  staticData: { trail: below("/") },
  validateSearch: ({ search }: Record<string, unknown>): { search?: string | undefined } => ({ search: text(search) }),
  component: lazyRouteComponent(() => import("./workflows/page.tsx")),
});

const instances = createRoute({
  getParentRoute: () => root,
  path: "/workflows/$workflow",
  staticData: { trail: below("/", (params) => [ofWorkflow(params)]) },
  validateSearch: readFilter,
  component: lazyRouteComponent(() => import("./instances/page.tsx")),
});

const errors = createRoute({
  getParentRoute: () => root,
  path: "/errors",
  staticData: { trail: below("/errors") },
  validateSearch: ({ workflow }: Record<string, unknown>): { workflow?: string | undefined } => ({ workflow: text(workflow) }),
  component: lazyRouteComponent(() => import("./errors/page.tsx")),
});

const create = createRoute({
  getParentRoute: () => root,
  path: "/workflows/$workflow/new",
  staticData: { trail: below("/", (params) => [ofWorkflow(params), { title: "New instance", to: "" }]) },
  validateSearch: ({ like }: Record<string, unknown>): { like?: string | undefined } => ({ like: text(like) }),
  component: lazyRouteComponent(() => import("./instances/create.tsx")),
});

const instance = createRoute({
  getParentRoute: () => root,
  path: "/workflows/$workflow/instances/$id",
  staticData: { trail: below("/", (params) => [ofWorkflow(params), { title: params["id"] ?? "", to: "" }]) },
  validateSearch: ({
    step,
    view,
  }: Record<string, unknown>): { step?: string | undefined; view?: "graph" | "both" | undefined } => ({
    step: text(step),
    view: view === "graph" || view === "both" ? view : undefined,
  }),
  // While its code is still on its way.
  loader: ({ params: { workflow, id } }) => void queryClient.prefetchQuery(timelineQuery(workflow, id)),
  component: lazyRouteComponent(() => import("./instance/page.tsx")),
});

const scripts = createRoute({
  getParentRoute: () => root,
  path: "/scripts",
  staticData: { trail: below("/scripts") },
  component: lazyRouteComponent(() => import("./scripts/list.tsx")),
});

/** The views of a script; without one its versions are shown. */
const SCRIPT_VIEWS = ["deployments", "bindings", "secrets", "settings", "tail"] as const;

type ScriptView = (typeof SCRIPT_VIEWS)[number];

const script = createRoute({
  getParentRoute: () => root,
  path: "/scripts/$script",
  staticData: { trail: below("/scripts", ({ script: title = "" }) => [{ title, to: "" }]) },
  validateSearch: ({ view }: Record<string, unknown>): { view?: ScriptView | undefined } => ({
    view: SCRIPT_VIEWS.find((each) => each === view),
  }),
  component: lazyRouteComponent(() => import("./scripts/page.tsx")),
});

const schedules = createRoute({
  getParentRoute: () => root,
  path: "/schedules",
  staticData: { trail: below("/schedules") },
  component: lazyRouteComponent(() => import("./schedules/page.tsx")),
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
  staticData: { trail: below("/settings", () => [{ title: "Tokens & users", to: "" }]) },
  component: lazyRouteComponent(() => import("./settings/access.tsx")),
});

const policies = createRoute({
  getParentRoute: () => settings,
  path: "policies",
  staticData: { trail: below("/settings", () => [{ title: "Retention & concurrency", to: "" }]) },
  component: lazyRouteComponent(() => import("./settings/policies.tsx")),
});

const limits = createRoute({
  getParentRoute: () => settings,
  path: "limits",
  staticData: { trail: below("/settings", () => [{ title: "Limits", to: "" }]) },
  component: lazyRouteComponent(() => import("./settings/limits.tsx")),
});

const audit = createRoute({
  getParentRoute: () => settings,
  path: "audit",
  staticData: { trail: below("/settings", () => [{ title: "Audit log", to: "" }]) },
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
    errors,
    create,
    instance,
    scripts,
    script,
    schedules,
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
