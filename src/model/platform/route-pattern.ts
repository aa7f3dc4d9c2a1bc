/**
 * Patterns of routes, as wrangler's configuration has them: `example.com/api/*`, `*.example.com/*`, `https://example.com/`. A `*`
 * may stand at the beginning of the host and at the end of the path, and takes any characters there, dots and slashes included.
 */

export interface RoutePattern {
  readonly text: string;
  /** Absent: any. */
  readonly scheme?: "http" | "https";
  /** What the host is, or ends with. */
  readonly host: string;
  readonly isAnyHost: boolean;
  /** What the path with its query is, or begins with. */
  readonly path: string;
  readonly isAnyPath: boolean;
}

const FORM = /^(?:(https?):\/\/)?(\*?)([a-z0-9.-]+)(\/[^*]*)?(\*?)$/i;

/** The pattern that a text is; nothing when it is none. */
export function routePattern(text: string): RoutePattern | undefined {
  const found = FORM.exec(text);
  if (found === null) return undefined;
  const [, scheme, anyHost, host = "", path = "/", anyPath] = found;
  // `example.com*` says nothing about where the host ends.
  if (found[4] === undefined && anyPath === "*") return undefined;
  return {
    text,
    ...(scheme !== undefined && { scheme: scheme.toLowerCase() as "http" | "https" }),
    host: host.toLowerCase(),
    isAnyHost: anyHost === "*",
    path,
    isAnyPath: anyPath === "*",
  };
}

export function matchesHost({ host, isAnyHost }: RoutePattern, hostName: string): boolean {
  return isAnyHost ? hostName.endsWith(host) : hostName === host;
}

export function matchesRoute(pattern: RoutePattern, url: URL): boolean {
  if (pattern.scheme !== undefined && url.protocol !== `${pattern.scheme}:`) return false;
  if (!matchesHost(pattern, url.hostname)) return false;
  const path = `${url.pathname}${url.search}`;
  return pattern.isAnyPath ? path.startsWith(pattern.path) : path === pattern.path;
}

/** The more specific before the less: host without `*`, longer host, path without `*`, longer path, one with a scheme. */
export function bySpecificity(a: RoutePattern, b: RoutePattern): number {
  return (
    Number(a.isAnyHost) - Number(b.isAnyHost) ||
    b.host.length - a.host.length ||
    Number(a.isAnyPath) - Number(b.isAnyPath) ||
    b.path.length - a.path.length ||
    Number(a.scheme === undefined) - Number(b.scheme === undefined)
  );
}
