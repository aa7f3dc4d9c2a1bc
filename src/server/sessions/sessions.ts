/**
 * Who has logged in with a browser. A token, or a name and a password, is exchanged for a cookie that scripts cannot read and
 * other sites cannot make a browser send; whatever changes something has to say besides that it comes from the dashboard, which
 * a form cannot. Sessions live in memory: they end with the server, after half a day, and when that with which one logged in
 * is taken away or changed, be it only in its role.
 */
import { createHash } from "node:crypto";
import { Attempts } from "../../access/attempts.ts";
import { recordOf, tokenPrincipal } from "../../access/tokens.ts";
import { userOf, userPrincipal } from "../../access/users.ts";
import { Failure } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import type { Client } from "../address.ts";
import type { Principal } from "../../model/platform/roles.ts";
import type { CredentialStore, TokenRecord, UserRecord } from "../../ports/catalog/credentials.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Ids } from "../../ports/ids.ts";
import { hasToken, type Guard } from "./auth.ts";
import { sessionCookie, sessionsIn } from "./cookies.ts";

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
  readonly #catalog: CredentialStore;
  readonly #clock: Pick<Clock, "now" | "elapsed" | "alarm">;
  readonly #ids: Pick<Ids, "secret">;
  readonly #attempts: Attempts;
  /** By a hash of the cookie, its name included, so that nothing here is worth stealing. The oldest come first. */
  readonly #sessions: Map<string, Session> = new Map();

  constructor(catalog: CredentialStore, clock: Pick<Clock, "now" | "elapsed" | "alarm">, ids: Pick<Ids, "secret">) {
    this.#catalog = catalog;
    this.#clock = clock;
    this.#ids = ids;
    this.#attempts = new Attempts(clock);
  }

  /**
   * Logs in from a network address; answers the cookie to set, and who that is. Fails with `authentication.token`,
   * `authentication.password`, and with `authentication.too_often`.
   */
  async open(
    credentials: Credentials,
    { address, isSecure }: Client,
  ): Promise<{ readonly cookie: string; readonly principal: Principal }> {
    const isUser = "name" in credentials;
    const found = await this.#attempts.within({ address, name: isUser ? credentials.name : undefined }, () =>
      this.#find(credentials),
    );
    if (found === undefined) throw new Failure(isUser ? "authentication.password" : "authentication.token");
    const now = this.#clock.now();
    const id = this.#ids.secret();
    for (const [key, { until }] of this.#sessions)
      if (until <= now || this.#sessions.size >= LIMITS.sessions) this.#sessions.delete(key);
    const cookie = sessionCookie(id, SESSION_MS / 1_000, isSecure);
    this.#sessions.set(digest(cookie.split(";", 1)[0] ?? ""), { ...found, until: now + SESSION_MS });
    return { cookie, principal: found.principal };
  }

  /** Logs out; answers the cookie that forgets the session. */
  close(headers: Headers, isSecure: boolean): string {
    for (const sent of sessionsIn(headers)) this.#sessions.delete(digest(sent));
    return sessionCookie("", 0, isSecure);
  }

  /** The logged-in user that sends a request. */
  async principalOf(headers: Headers, method: string): Promise<Principal | undefined> {
    if (!(SAFE.has(method) || headers.has(OWN_HEADER))) return undefined;
    for (const sent of sessionsIn(headers)) {
      const session = this.#sessions.get(digest(sent));
      if (session !== undefined && session.until > this.#clock.now() && (await this.#isStill(session))) return session.principal;
    }
    return undefined;
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

/** Accepts requests that `guard` accepts, and logged-in users. When a token is sent, only the token counts. */
export function orLoggedIn(guard: Guard, sessions: Sessions): Guard {
  return (headers, method) => (hasToken(headers) ? guard(headers, method) : sessions.principalOf(headers, method));
}

function textOf(record: TokenRecord | UserRecord): string {
  return JSON.stringify("hash" in record ? [record.id, record.hash, record.role] : [record.name, record.password, record.role]);
}

function digest(cookie: string): string {
  return createHash("sha256").update(cookie).digest("base64url");
}
