/**
 * Who has logged in with a browser. A token, or a name and a password, is exchanged for a cookie that scripts cannot read and
 * other sites cannot make a browser send; whatever changes something has to say besides that it comes from the dashboard, which
 * a form cannot. Sessions live in memory: they end with the server, after half a day, and when that with which one logged in
 * is taken away or changed, be it only in its role.
 */
import { createHash, randomBytes } from "node:crypto";
import { Attempts } from "../access/attempts.ts";
import { recordOf, tokenPrincipal } from "../access/tokens.ts";
import { userOf, userPrincipal } from "../access/users.ts";
import { Failure } from "../model/errors.ts";
import { LIMITS } from "../model/limits.ts";
import type { Principal } from "../model/roles.ts";
import type { Catalog, TokenRecord, UserRecord } from "../ports/catalog.ts";
import type { Guard } from "./auth.ts";

const COOKIE = "stepwell_session";

/** The header with which the dashboard's own requests say so. Its value is not looked at. */
const OWN_HEADER = "x-stepwell-dashboard";

/** Milliseconds. */
const SESSION_MS = 12 * 60 * 60 * 1000;

const SAFE = new Set(["GET", "HEAD"]);

/** What one logs in with. */
export type Credentials = { readonly token: string } | { readonly name: string; readonly password: string };

interface Session {
  readonly principal: Principal;
  /** What was known of the token or the user then; whatever differs ends the session. */
  readonly record: string;
  /** Epoch milliseconds. */
  readonly until: number;
}

export class Sessions {
  readonly #catalog: Catalog;
  readonly #now: () => number;
  readonly #attempts: Attempts;
  /** By a hash of what the cookie says, so that nothing here is worth stealing. The oldest come first. */
  readonly #sessions: Map<string, Session> = new Map();

  /** `now` answers epoch milliseconds. */
  constructor(catalog: Catalog, now: () => number) {
    this.#catalog = catalog;
    this.#now = now;
    this.#attempts = new Attempts(now);
  }

  /**
   * Logs in from a network address; answers the cookie to set, and who that is. Fails with `authentication.token`,
   * `authentication.password`, and with `authentication.too_often`.
   */
  async open(credentials: Credentials, address: string): Promise<{ readonly cookie: string; readonly principal: Principal }> {
    const isUser = "name" in credentials;
    const keys = [`from ${address}`, ...(isUser ? [`as ${credentials.name}`] : [])];
    const found = await this.#attempts.within(keys, () => this.#find(credentials));
    if (found === undefined) throw new Failure(isUser ? "authentication.password" : "authentication.token");
    const now = this.#now();
    const id = randomBytes(32).toString("base64url");
    for (const [key, { until }] of this.#sessions)
      if (until <= now || this.#sessions.size >= LIMITS.sessions) this.#sessions.delete(key);
    this.#sessions.set(digest(id), { ...found, until: now + SESSION_MS });
    return { cookie: cookie(id, SESSION_MS / 1_000), principal: found.principal };
  }

  /** Logs out; answers the cookie that forgets the session. */
  close(headers: Headers): string {
    const id = sessionId(headers);
    if (id !== undefined) this.#sessions.delete(digest(id));
    return cookie("", 0);
  }

  /** Who is logged in and sends a request. */
  async principalOf(headers: Headers, method: string): Promise<Principal | undefined> {
    const id = sessionId(headers);
    if (id === undefined || !(SAFE.has(method) || headers.has(OWN_HEADER))) return undefined;
    const session = this.#sessions.get(digest(id));
    if (session === undefined || session.until <= this.#now()) return undefined;
    return (await this.#isStill(session)) ? session.principal : undefined;
  }

  async #find(credentials: Credentials): Promise<Omit<Session, "until"> | undefined> {
    if ("name" in credentials) {
      const user = await userOf(this.#catalog, credentials.name, credentials.password);
      return user && { principal: userPrincipal(user), record: textOf(user) };
    }
    const token = await recordOf(this.#catalog, credentials.token);
    return token && { principal: tokenPrincipal(token), record: textOf(token) };
  }

  async #isStill({ principal: { kind }, record }: Session): Promise<boolean> {
    const known = kind === "user" ? await this.#catalog.users() : await this.#catalog.tokens();
    return known.some((each) => textOf(each) === record);
  }
}

/** Lets in whoever `guard` does, and whoever is logged in. */
export function orLoggedIn(guard: Guard, sessions: Sessions): Guard {
  return async (headers, method) => (await guard(headers, method)) ?? sessions.principalOf(headers, method);
}

function textOf(record: TokenRecord | UserRecord): string {
  return JSON.stringify("hash" in record ? [record.id, record.hash, record.role] : [record.name, record.password, record.role]);
}

function cookie(value: string, maxAge: number): string {
  return `${COOKIE}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAge}`;
}

function sessionId(headers: Headers): string | undefined {
  return new RegExp(`(?:^|; )${COOKIE}=([\\w-]{43})(?:;|$)`).exec(headers.get("cookie") ?? "")?.[1];
}

function digest(id: string): string {
  return createHash("sha256").update(id).digest("base64url");
}
