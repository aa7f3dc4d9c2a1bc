/** Which page is at which address. Pages are loaded when they are first gone to. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { queryClient } from "./api/queries.ts";
import { timelineQuery } from "./instance/queries.ts";
import { readFilter } from "./instances/filter.ts";
import { Layout, NotFound } from "./layout.tsx";
import { Problem } from "./ui/problem.tsx";

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
  validateSearch: readFilter,
  component: lazyRouteComponent(() => import("./instances/page.tsx")),
});

const errors = createRoute({
  getParentRoute: () => root,
  path: "/errors",
  validateSearch: ({ workflow }: Record<string, unknown>): { workflow?: string | undefined } => ({ workflow: text(workflow) }),
  component: lazyRouteComponent(() => import("./errors/page.tsx")),
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

export const router = createRouter({
  routeTree: root.addChildren([workflows, instances, errors, create, instance]),
  defaultPreload: "intent",
  defaultErrorComponent: ({ error, reset }) => <Problem cause={error as Error} retry={reset} />,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    readonly router: typeof router;
  }
}
