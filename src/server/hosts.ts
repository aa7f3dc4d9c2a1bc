/**
 * Which `Host` a request may name. A page on the internet can make a browser resolve its own name to 127.0.0.1 (DNS
 * rebinding); it cannot make it send one of these names.
 */

const LOOPBACK: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** True for loopback names, `*.localhost`, and names that the server was told of; `*` there allows all. */
export function isAllowedHost(hostname: string, allowed: readonly string[]): boolean {
  return LOOPBACK.has(hostname) || hostname.endsWith(".localhost") || allowed.includes(hostname) || allowed.includes("*");
}

/** True when only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}
