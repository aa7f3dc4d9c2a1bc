/** Routes by pattern: which Worker a request is for by its host and path. */
import { Failure } from "../../model/failures/failure.ts";
import { isHostName } from "../../model/platform/host-name.ts";
import { bySpecificity, matchesHost, matchesRoute, routePattern, type RoutePattern } from "../../model/platform/route-pattern.ts";
import type { Route } from "../../ports/catalog/addresses.ts";

/** A route whose pattern is parsed. */
export interface ParsedRoute extends RoutePattern {
  readonly script: string;
}

/** The more specific ones first. */
export function parsedRoutes(routes: readonly Route[]): readonly ParsedRoute[] {
  const parsed = routes.flatMap(({ pattern: text, script }) => {
    const pattern = routePattern(text);
    return pattern === undefined ? [] : [{ ...pattern, script }];
  });
  return parsed.sort(bySpecificity);
}

/** The script that a request is for. */
export function scriptOn(routes: readonly ParsedRoute[], url: URL): string | undefined {
  return routes.find((route) => matchesRoute(route, url))?.script;
}

/** Fails with `body` for what is no pattern, hides the server's own host, or is the route of another script. */
export function checkRoutes(patterns: readonly string[], ownHost: string, others: readonly Route[]): void {
  const taken = new Map(others.map(({ pattern, script }) => [pattern, script]));
  patterns.forEach((text, i) => check(text, `[${i}].pattern`, ownHost, taken));
}

function check(text: string, field: string, ownHost: string, others: ReadonlyMap<string, string>): void {
  const refuse = (detail: string): never => {
    throw new Failure("body", { field, detail });
  };
  const pattern = routePattern(text);
  if (pattern === undefined)
    return refuse(`"${text}" is not a valid pattern: * is allowed at the start of the host and at the end of the path`);
  if (!isHostName(pattern.host.replace(/^\./, ""))) refuse(`"${pattern.host}" is not a valid host name for a Worker`);
  if (matchesHost(pattern, ownHost)) refuse(`${ownHost} is reserved for the API of this server`);
  const taken = others.get(text);
  if (taken !== undefined) refuse(`"${text}" is a route of the Worker "${taken}"`);
}
