/**
 * Titles of pages as data of their routes, shown as breadcrumbs and as the document's title. The first crumb is the section
 * of the dashboard.
 */
import { useMatches } from "@tanstack/react-router";

/** A page on the way, by its title and its address. */
export interface Crumb {
  readonly title: string;
  readonly to: string;
}

/** The pages from a section down to one page, which comes last. */
export type Trail = (params: Readonly<Record<string, string>>) => readonly Crumb[];

declare module "@tanstack/react-router" {
  interface StaticDataRouteOption {
    readonly trail?: Trail;
  }
}

/** The parts of the dashboard, in the order of the header. */
export const SECTIONS: readonly (Crumb & { readonly key: string })[] = [
  { title: "Workflows", to: "/", key: "w" },
  { title: "Errors", to: "/errors", key: "e" },
  { title: "Scripts", to: "/scripts", key: "s" },
  { title: "Schedules", to: "/schedules", key: "t" },
  { title: "Settings", to: "/settings", key: "," },
];

/** A trail that begins with a section, by its address. */
export function below(section: string, deeper: Trail = () => []): Trail {
  return (params) => [...SECTIONS.filter(({ to }) => to === section), ...deeper(params)];
}

/** The trail of the page that is shown; empty when it has none. */
export function useTrail(): readonly Crumb[] {
  return useMatches({
    select: (matches) => {
      const last = matches.at(-1);
      return last?.staticData.trail?.(last.params) ?? [];
    },
    structuralSharing: true,
  });
}

/** As the browser's tab has it. */
export function titleOf(trail: readonly Crumb[]): string {
  return [...trail.map(({ title }) => title).toReversed(), "stepwell"].join(" · ");
}
