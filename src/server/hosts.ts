/**
 * Which `Host` and `Origin` a request may name. A page on the internet can make a browser resolve the page's name to
 * 127.0.0.1 (DNS rebinding), or post to this machine without being shown the answer; it cannot make it say that it did so
 * under one of these names.
 */

const LOOPBACK: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** True for loopback names, `*.localhost`, and names that the server was told of; `*` there allows all. */
export function isAllowedHost(hostname: string, allowed: readonly string[]): boolean {
  return LOOPBACK.has(hostname) || hostname.endsWith(".localhost") || allowed.includes(hostname) || allowed.includes("*");
}

/** True when a browser says that the page which asks is of a host that is allowed; what is no browser says nothing. */
export function isAllowedOrigin(origin: string | null, allowed: readonly string[]): boolean {
  if (origin === null || allowed.includes("*")) return true;
  const hostname = /^https?:\/\//.test(origin) ? URL.parse(origin)?.hostname : undefined;
  return hostname !== undefined && isAllowedHost(hostname, allowed);
}

/** True when only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}
