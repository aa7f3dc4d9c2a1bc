/**
 * Which `Host` a request may name, and which pages it may come from. A page on the internet can make a browser resolve the page's
 * name to 127.0.0.1 (DNS rebinding), or send requests to this server without being shown the answers. It can neither choose the
 * `Host` and `Origin` that its browser sends, nor hide from `Sec-Fetch-Site` that it is another site's.
 */

const LOOPBACK: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** True for loopback names, `*.localhost`, and names that the server was given; `*` there allows all. */
export function isAllowedHost(hostname: string, allowed: readonly string[]): boolean {
  return LOOPBACK.has(hostname) || hostname.endsWith(".localhost") || allowed.includes(hostname) || allowed.includes("*");
}

/**
 * True when a browser says that a page of another origin makes the request: another scheme, host or port than those of `own`.
 * Programs that are not browsers send neither header.
 */
export function isForeign(headers: Headers, own: URL): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin" && site !== "none") return true;
  const origin = headers.get("origin");
  if (origin === null || origin === own.origin) return false;
  // A proxy that ends TLS and is not trusted hides the scheme. The browser, which knows it, has compared the whole origin.
  return !(site === "same-origin" && URL.parse(origin)?.host === own.host);
}

/** True when a browser says that a page makes the request, of whatever origin. */
export function isOfPage(headers: Headers): boolean {
  const site = headers.get("sec-fetch-site");
  return headers.get("origin") !== null || (site !== null && site !== "none");
}

const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** True when a browser goes to a page, by a link on any site: its user sees the answer, and no other page does. */
export function isVisit({ method, headers }: Request): boolean {
  return SAFE.has(method) && headers.get("origin") === null && headers.get("sec-fetch-mode") === "navigate";
}

/** True when only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}
