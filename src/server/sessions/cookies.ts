/** The session cookie: how it is written and read, and how it is kept from Workers, which may share its host. */

const NAME = "stepwell_session";

/** Browsers take this name over TLS only, for the whole host and no other: no neighbouring host can set it. */
const SECURE_NAME = `__Host-${NAME}`;

/** A `Set-Cookie` header. `maxAgeS` is in seconds; 0 makes the browser forget the cookie. */
export function sessionCookie(id: string, maxAgeS: number, isSecure: boolean): string {
  const name = isSecure ? SECURE_NAME : NAME;
  return `${name}=${id}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeS}${isSecure ? "; Secure" : ""}`;
}

const SENT = new RegExp(`(?:^|; *)((?:${SECURE_NAME}|${NAME})=[\\w-]{43})(?=;|$)`, "g");

/** The sessions that a request names, each with the name of its cookie: one that began over TLS counts under that name only. */
export function sessionsIn(headers: Headers): string[] {
  return Array.from((headers.get("cookie") ?? "").matchAll(SENT), ([, pair = ""]) => pair);
}

/** Case and repeated headers, which are joined by commas, make no difference to how much is taken out. */
const OURS = /(^|[;,])\s*(?:__Host-)?stepwell_session\s*(?:=[^;,]*)?(?=[;,]|$)/gi;

/** A `Cookie` header without our own cookie; empty when nothing else is in it. */
export function withoutSession(cookie: string): string {
  const rest = cookie.replace(OURS, "$1").split(";");
  return rest
    .map((pair) => pair.trim())
    .filter((pair) => pair !== "" && pair !== ",")
    .join("; ");
}

/** True for a `Set-Cookie` header with a name of ours, or without a name and with a value that is sent back as if it had ours. */
export function setsSession(setCookie: string): boolean {
  return /^[\s=]*(?:__Host-)?stepwell_session\s*(?:=|;|$)/i.test(setCookie);
}
