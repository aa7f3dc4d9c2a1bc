/**
 * Who has logged in with a browser. A token is exchanged for a cookie that scripts cannot read and other sites cannot make
 * a browser send; whatever changes something has to say besides that it comes from the dashboard, which a form cannot.
 * Sessions live in memory: they end with the server, with their token, and after half a day.
 */
import { createHash, randomBytes } from "node:crypto";
import { Failure } from "../model/errors.ts";
import { LIMITS } from "../model/limits.ts";
import type { Catalog } from "../ports/catalog.ts";
import { tokenIdOf, type Guard } from "./auth.ts";

const COOKIE = "stepwell_session";

/** The header with which the dashboard's own requests say so. Its value is not looked at. */
const OWN_HEADER = "x-stepwell-dashboard";

/** Milliseconds. */
const SESSION_MS = 12 * 60 * 60 * 1000;
const MINUTE_MS = 60_000;

const SAFE = new Set(["GET", "HEAD"]);

interface Session {
  readonly tokenId: string;
  /** Epoch milliseconds. */
  readonly until: number;
}

export class Sessions {
  readonly #catalog: Catalog;
  readonly #now: () => number;
  /** By a hash of what the cookie says, so that nothing here is worth stealing. The oldest come first. */
  readonly #sessions: Map<string, Session> = new Map();
  #refused = 0;
  #refusedSince = 0;

  /** `now` answers epoch milliseconds. */
  constructor(catalog: Catalog, now: () => number) {
    this.#catalog = catalog;
    this.#now = now;
  }

  /** Logs in; answers the cookie to set. Fails with `authentication.token`, and with `authentication.too_often`. */
  async open(token: string): Promise<string> {
    const now = this.#now();
    if (now - this.#refusedSince >= MINUTE_MS) [this.#refused, this.#refusedSince] = [0, now];
    if (this.#refused >= LIMITS.failedLogins) throw new Failure("authentication.too_often");
    const tokenId = await tokenIdOf(this.#catalog, token);
    if (tokenId === undefined) {
      this.#refused += 1;
      throw new Failure("authentication.token");
    }
    const id = randomBytes(32).toString("base64url");
    for (const [key, { until }] of this.#sessions)
      if (until <= now || this.#sessions.size >= LIMITS.sessions) this.#sessions.delete(key);
    this.#sessions.set(digest(id), { tokenId, until: now + SESSION_MS });
    return cookie(id, SESSION_MS / 1_000);
  }

  /** Logs out; answers the cookie that forgets the session. */
  close(headers: Headers): string {
    const id = sessionId(headers);
    if (id !== undefined) this.#sessions.delete(digest(id));
    return cookie("", 0);
  }

  /** True for a request of somebody who is logged in. */
  async holds(headers: Headers, method: string): Promise<boolean> {
    const id = sessionId(headers);
    if (id === undefined || !(SAFE.has(method) || headers.has(OWN_HEADER))) return false;
    const session = this.#sessions.get(digest(id));
    if (session === undefined || session.until <= this.#now()) return false;
    return (await this.#catalog.tokens()).some(({ id: known }) => known === session.tokenId);
  }
}

/** Lets in whoever `guard` does, and whoever is logged in. */
export function orLoggedIn(guard: Guard, sessions: Sessions): Guard {
  return async (headers, method) => (await guard(headers, method)) || sessions.holds(headers, method);
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
