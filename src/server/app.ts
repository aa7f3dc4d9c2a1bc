/**
 * What a request is for: a Worker's own `fetch` (by host name, or below `/workers/`), or the control plane. Everything
 * that the control plane answers carries hardened headers; a Worker's answers are its own.
 */
import { STATUS_CODES } from "node:http";
import { Hono, type Env, type MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { Failure, failureKind } from "../model/failures/failure.ts";
import { StoreError, storeFailure } from "../model/failures/store-error.ts";
import type { AuditEntry } from "../ports/logs/audit-log.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Audit } from "../access/audit.ts";
import { beginAudit, auditOf, type RequestAudit } from "../api/endpoint/request-audit.ts";
import { withHeadersOf } from "../api/endpoint/answer-headers.ts";
import { failureResponse } from "../api/endpoint/envelope.ts";
import { OWN_PREFIX } from "../api/own/own.ts";
import { normalPath } from "../api/endpoint/path.ts";
import { hasToken, refusal, type Guard } from "./sessions/auth.ts";
import type { HostNames } from "../workers/addresses/host-names.ts";
import { transferRoutes } from "../api/cloudflare/storage/transfers.ts";
import type { Tails } from "../workers/logs/tails.ts";
import { DASHBOARD_CSP, type Dashboard } from "./pages/dashboard.ts";
import { clientsBehind, hasCredentials, type Client } from "./address.ts";
import { isHungUp, unheard } from "../api/endpoint/gone.ts";
import { isAllowedHost, isForeign, isOfPage, isVisit } from "./workers/trusted-hosts.ts";
import { sessionRoutes } from "./sessions/routes.ts";
import { Load } from "./load.ts";
import type { Sessions } from "./sessions/sessions.ts";
import { TAIL_PROTOCOL } from "./sockets/tails.ts";
import { startPage, START_PAGE_CSP } from "./pages/start-page.ts";
import { callWorker, PRIMARY_HOST, primaryAt, type WorkerAccess, workerAt } from "./workers/workers.ts";
import type { Api } from "../api/endpoint/endpoint.ts";

/** What the server is made of. */
export interface AppParts extends Pick<Api, "engine" | "tails" | "transfers" | "bodies">, Omit<WorkerAccess, "hasSessions"> {
  /** The REST API, with its full paths below `/client/v4`. */
  readonly rest: Hono<Env>;
  /** What is not Cloudflare's, with its paths below `OWN_PREFIX`. */
  readonly own: Hono<Env>;
  /** wrangler's local API, with its paths below the explorer prefix. */
  readonly explorer: Hono<Env>;
  /** Which Worker answers under which other host name. */
  readonly workers: Pick<HostNames, "scriptFor">;
  /** The Worker that `localhost` leads to, while other addresses lead to the dashboard; absent where there is none. */
  readonly primary?: () => string;
  /** Gets a line for each request that a Worker has answered. */
  readonly onAnswer?: (line: string) => void;
  /** What a browser is shown; absent where it has not been built. */
  readonly dashboard?: Dashboard | undefined;
  readonly guard: Guard;
  /** Where it is noted who changed what. */
  readonly audit: Pick<Audit, "record">;
  /** Who is logged in; absent where no login is needed. */
  readonly sessions?: Sessions | undefined;
  /** Host names, besides the loopback ones, under which the server may be addressed. */
  readonly hostNames: readonly string[];
  /** Addresses and ranges of proxies whose `X-Forwarded-` headers are believed. */
  readonly proxies: readonly string[];
}

const EXPLORER_PREFIXES = ["/cdn-cgi/local/explorer/api", "/cdn-cgi/explorer/api"] as const;

/** What answers requests; `peer` is the network address of the other end of the connection. Never rejects. */
export type Answer = (request: Request, peer?: string) => Promise<Response>;

/** Answers requests. */
export function serverApp(parts: AppParts): Answer {
  const control = controlPlane(parts);
  const access = { ...parts, hasSessions: parts.sessions !== undefined };
  const clientOf = clientsBehind(parts.proxies, (peer) =>
    parts.log.warn("Ignored X-Forwarded-For of an untrusted proxy; start with --trusted-proxy ADDRESS to trust it", {
      proxy: peer,
    }),
  );
  const answer = async (request: Request, peer: string): Promise<Response> => {
    const client = clientOf(peer, request.headers);
    const url = new URL(request.url);
    if (FORBIDDEN.has(request.method)) return new Response("This method is not served here\n", { status: 405 });
    if (hasCredentials(url)) return new Response("A URL with a name or a password is not served here\n", { status: 400 });
    if (client.isSecure) url.protocol = "https:";
    nameClient(request.headers, client);
    const worker = workerAt(url, await parts.workers.scriptFor(url)) ?? primaryAt(url, parts.primary);
    if (worker?.origin !== "own" && !isAllowedHost(url.hostname, parts.hostNames))
      return new Response("This host name is not served here\n", { status: 403 });
    if (worker !== undefined) {
      const start = parts.clock.now();
      const response = await callWorker(access, worker, request);
      parts.onAnswer?.(answerLine(request.method, worker.url, response.status, parts.clock.now() - start));
      return response;
    }
    // Pages there are the Worker's.
    if (parts.primary !== undefined && url.hostname === PRIMARY_HOST && isOfPage(request.headers))
      return failureResponse(
        new Failure("authentication.origin", { detail: "Pages of a Worker must not call the API of this server" }),
      );
    return control.fetch(request, { client, url });
  };
  return (request, peer = "") => answer(request, peer).catch((cause: unknown) => failed(cause, request, parts.log));
}

/** Methods of which no `Request` can be made to pass on (Fetch, 2.2.1). */
const FORBIDDEN: ReadonlySet<string> = new Set(["CONNECT", "TRACE", "TRACK"]);

/** As `wrangler dev` prints it. */
function answerLine(method: string, { pathname }: URL, status: number, ms: number): string {
  return `${method} ${pathname} ${status} ${STATUS_CODES[status] ?? ""}`.trimEnd() + ` (${Math.round(ms)}ms)`;
}

/**
 * Workers, and this server, read the client's address from this header, as on Cloudflare. A value that the client sent is
 * replaced.
 */
function nameClient(headers: Headers, { address }: Client): void {
  if (address === "") headers.delete("cf-connecting-ip");
  else headers.set("cf-connecting-ip", address);
}

function controlPlane(parts: AppParts): Hono<ControlEnv> {
  const { engine, rest, own, explorer, tails, transfers, bodies, dashboard, guard, sessions, log } = parts;
  const app = new Hono<ControlEnv>({ getPath: (request) => normalPath(request.url) });
  app.use(logRequests(log, parts.clock));
  const secure = secureHeaders({
    xFrameOptions: "DENY",
    referrerPolicy: "no-referrer",
    contentSecurityPolicy: dashboard === undefined ? START_PAGE_CSP : DASHBOARD_CSP,
    strictTransportSecurity: false,
  });
  app.use(withHeadersOf(secure));
  // Only trusted proxies say that a client speaks TLS.
  if (parts.proxies.length > 0) app.use(askForTls);
  app.use(refuseForeignPages(sessions !== undefined));
  app.use(noteChanges(parts));
  const load = new Load();
  const authenticate: MiddlewareHandler = async (c, next) => {
    const asked = auditOf(c);
    asked.principal = await guard(c.req.raw.headers, c.req.method);
    const done = asked.principal === undefined ? undefined : load.begin(READS.has(c.req.method));
    if (done !== undefined) return next().finally(done);
    const failure = asked.principal === undefined ? refusal(c.req.raw.headers) : new Failure("request.overloaded");
    asked.code = failureKind(failure.failure).code;
    return failureResponse(failure);
  };
  app.route(`${OWN_PREFIX}/session`, sessionRoutes(guard, sessions));
  // Assets come with the token of their announcement, which their route looks at.
  const isAsset = /^\/client\/v4\/accounts\/[^/]+\/workers\/assets\/upload$/;
  app.use("/client/v4/*", (c, next) => (isAsset.test(c.req.path) ? next() : authenticate(c, next)));
  app.use(`${OWN_PREFIX}/*`, authenticate);
  for (const prefix of EXPLORER_PREFIXES) {
    app.use(`${prefix}/*`, authenticate);
    app.route(prefix, explorer);
  }
  app.route("/client/v4", rest);
  app.route(OWN_PREFIX, own);
  app.get("/tails/:id", (c) => tailResponse(tails, c.req.param("id")));
  app.route("/transfers", transferRoutes(transfers, bodies));
  app.get("/healthz", (c) => {
    const trouble = engine.trouble();
    return trouble === undefined ? c.json({ status: "ok" }) : failureResponse(trouble);
  });
  app.get("*", async (c, next) => dashboard?.(c.req.raw, c.req.path) ?? next());
  app.get("/", (c) => c.html(startPage(c.env.url)));
  app.onError((cause, { req }) => failed(cause, req.raw, log));
  app.notFound((c) => failureResponse(new Failure("not_found", { detail: `No route for ${c.req.method} ${c.req.path}` })));
  return app;
}

/** Half a year. */
const HSTS = `max-age=${180 * 24 * 60 * 60}`;

/** For this host alone: those below it may be others', and are for the proxy that ends TLS to decide on. */
const askForTls: MiddlewareHandler<ControlEnv> = async (c, next) => {
  await next();
  if (c.env.client.isSecure) c.header("strict-transport-security", HSTS);
};

/**
 * Browsers add cookies by themselves, and on loopback every request is let in, so both count for our own pages only. No page can
 * send a token to another origin.
 */
function refuseForeignPages(asksForTokens: boolean): MiddlewareHandler<ControlEnv> {
  return async (c, next) => {
    const { headers } = c.req.raw;
    const { url } = c.env;
    if (!isForeign(headers, url) || isVisit(c.req.raw) || (asksForTokens && hasToken(headers))) return next();
    const detail = `Requests from pages of another origin are not allowed; the origin of this server is ${url.origin}`;
    return failureResponse(new Failure("authentication.origin", { detail }));
  };
}

function logRequests(log: Log, clock: Clock): MiddlewareHandler {
  return async (c, next) => {
    const start = clock.now();
    await next();
    const { method, path } = c.req;
    log.debug("request", { method, path: shownPath(path), status: c.res.status, ms: clock.now() - start });
  };
}

function failed(cause: unknown, request: Request, log: Log): Response {
  if (cause instanceof Failure) return failureResponse(cause);
  if (isHungUp(request, cause)) return unheard();
  if (cause instanceof StoreError) {
    log.error("The store failed a request", {
      method: request.method,
      path: shownPath(normalPath(request.url)),
      reason: String(cause),
    });
    return failureResponse(storeFailure(cause));
  }
  const path = shownPath(normalPath(request.url));
  log.error("A request failed", { method: request.method, path, reason: reasonOf(cause) });
  return failureResponse(new Failure("internal_server"));
}

interface ControlEnv {
  readonly Bindings: {
    readonly client: Client;
    /** As the client has it. */
    readonly url: URL;
  };
}

/** The path of a request, without what is a secret by itself: the ids of files on their way and of live logs. */
function shownPath(path: string): string {
  return path.startsWith("/t") ? path.replace(/^\/(tails|transfers)\/.*/, "/$1/…") : path;
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}

const READS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Says to the audit log who wanted to change what, and what came of it. */
function noteChanges({ audit, clock }: Pick<AppParts, "audit" | "clock">): MiddlewareHandler<ControlEnv> {
  return async (c, next) => {
    const asked = beginAudit(c, c.env.client);
    const at = clock.now();
    await next();
    const { method, path } = c.req;
    if (!READS.has(method)) audit.record({ at, method, ...outcomeOf(asked, path), status: c.res.status });
  };
}

function outcomeOf(
  { principal, address, action, target, code }: RequestAudit,
  path: string,
): Pick<AuditEntry, "who" | "action" | "target" | "address" | "code"> {
  // A request without an endpoint is recorded by the start of its path: the rest may be arbitrary, or a secret.
  const known =
    action === undefined
      ? { action: "unknown", target: path.split("/", 2).join("/") }
      : { action, target: target.join("/").slice(0, MAX_TARGET) };
  return { who: principal ?? null, ...known, address, code: code ?? null };
}

/** Characters. */
const MAX_TARGET = 400;

/** `Sockets` makes a WebSocket of it; for a plain request there is nothing here. */
function tailResponse(tails: Tails, id: string): Response {
  const lines = tails.connect(id);
  if (lines === undefined) return failureResponse(new Failure("script.tail_not_found"));
  return new Response(lines, { headers: { upgrade: "websocket", "sec-websocket-protocol": TAIL_PROTOCOL } });
}
