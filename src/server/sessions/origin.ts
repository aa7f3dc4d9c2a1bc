/**
 * The origin that Workers of `stepwell dev` see in place of the local one, as with `wrangler dev`. URLs of either origin in
 * headers become those of the other on the way, so that redirects, cookies and checks of `Origin` work.
 */

export interface Origin {
  readonly protocol?: "http" | "https" | undefined;
  /** With a port, if it is not that of the protocol. */
  readonly host?: string | undefined;
}

/** A URL as it is at an origin. */
export function atOrigin(url: URL, { protocol, host }: Origin): URL {
  const at = new URL(`${protocol === undefined ? url.protocol : `${protocol}:`}//${host ?? url.host}`);
  const moved = new URL(url);
  moved.protocol = at.protocol;
  moved.hostname = at.hostname;
  moved.port = at.port;
  return moved;
}

/** Headers with all that they name at one host moved to the origin of another. */
export function movedHeaders(given: Headers, from: URL, to: URL): Headers {
  if (from.origin === to.origin) return given;
  const headers = new Headers(given);
  headers.delete("set-cookie");
  for (const [name, value] of given)
    if (name !== "set-cookie" && value.includes(from.host)) headers.set(name, moved(value, from, to));
  for (const cookie of given.getSetCookie()) headers.append("set-cookie", withDomain(cookie, from, to));
  return headers;
}

function moved(value: string, from: URL, to: URL): string {
  return value.replaceAll(/https?:\/\/[^/?#\s,;"']+/gi, (origin) => (URL.parse(origin)?.host === from.host ? to.origin : origin));
}

function withDomain(cookie: string, from: URL, to: URL): string {
  return cookie.replace(/(;\s*domain=)([^;]*)/i, (whole, head: string, domain: string) =>
    domain.trim().replace(/^\./, "") === from.hostname ? `${head}${to.hostname}` : whole,
  );
}
