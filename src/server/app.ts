/**
 * What a request is for: a Worker's own `fetch` (by host name, or below `/workers/`), or the control plane. Everything
 * that the control plane answers carries hardened headers; a Worker's answers are its own.
 */
import { Hono, type Env, type MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";
import type { Engine } from "../engine/engine.ts";
import { Failure, failureKind } from "../model/errors.ts";
import type { AuditEntry } from "../ports/audit-log.ts";
import { Upgraded } from "../ports/executor.ts";
import type { Log } from "../ports/log.ts";
import type { Audit } from "../access/audit.ts";
import type { BodyRoom } from "../api/body.ts";
import { beginNotes, notesOn, type Asked } from "../api/asked.ts";
import { failureResponse } from "../api/envelope.ts";
import { OWN_PREFIX } from "../api/own.ts";
import { normalPath } from "../api/path.ts";
import { refusal, type Guard } from "./auth.ts";
import type { HostNames } from "../scripts/host-names.ts";
import { transferRoutes, type Transfers } from "../api/transfers.ts";
import type { Tails } from "../scripts/tails.ts";
import { callByHand, isByHand } from "./by-hand.ts";
import { DASHBOARD_CSP, type Dashboard } from "./dashboard.ts";
import { isAllowedHost, isAllowedOrigin } from "./hosts.ts";
import { sessionRoutes } from "./session-routes.ts";
import { Load } from "./load.ts";
import type { Sessions } from "./sessions.ts";
import { TAIL_PROTOCOL } from "./tail-sockets.ts";
import { startPage, START_PAGE_CSP } from "./start-page.ts";

/** What the server is made of. */
export interface AppParts {
  readonly engine: Engine;
  /** The REST API, with its full paths below `/client/v4`. */
  readonly rest: Hono<Env>;
  /** What is not Cloudflare's, with its paths below `OWN_PREFIX`. */
  readonly own: Hono<Env>;
  /** wrangler's local API, with its paths below the explorer prefix. */
  readonly explorer: Hono<Env>;
  /** Live logs, for whoever knows the id of a tail. */
  readonly tails: Tails;
  /** Which Worker answers under which other host name. */
  readonly workers: Pick<HostNames, "scriptAt">;
  /** Files on their way, for whoever knows their ids. */
  readonly transfers: Transfers;
  /** Memory for the bodies of requests. */
  readonly bodies: BodyRoom;
  /** Whether Workers' handlers can be called by hand, at paths of theirs: for development. */
  readonly byHand: boolean;
  /** What a browser is shown; absent where it has not been built. */
  readonly dashboard?: Dashboard | undefined;
  readonly guard: Guard;
  /** Where it is noted who changed what. */
  readonly audit: Pick<Audit, "record">;
  /** Who is logged in; absent where nobody needs to be. */
  readonly sessions?: Sessions | undefined;
  readonly log: Log;
  /** Host names, besides the loopback ones, under which the server may be addressed. */
  readonly hostNames: readonly string[];
}

const EXPLORER_PREFIXES = ["/cdn-cgi/local/explorer/api", "/cdn-cgi/explorer/api"] as const;

/** What answers requests, which come from an address of the network. Never rejects. */
export type Answer = (request: Request, address?: string) => Promise<Response>;

/** Answers requests. */
export function serverApp(parts: AppParts): Answer {
  const control = controlPlane(parts);
  return async (request, address = "") => {
    const url = new URL(request.url);
    const script = parts.workers.scriptAt(url.hostname);
    if (script !== undefined) return callWorker(parts, script, url, request);
    if (!isAllowedHost(url.hostname, parts.hostNames))
      return new Response("This host name is not served here\n", { status: 403 });
    const worker = workerOf(url);
    if (worker !== undefined) return callWorker(parts, worker.script, worker.url, request);
    return control.fetch(request, { address });
  };
}

function controlPlane(parts: AppParts): Hono<ControlEnv> {
  const { engine, rest, own, explorer, tails, transfers, bodies, dashboard, guard, sessions, log, hostNames } = parts;
  const app = new Hono<ControlEnv>({ getPath: (request) => normalPath(request.url) });
  app.use(async (c, next) => {
    const start = performance.now();
    await next();
    log.debug("request", {
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      ms: Math.round(performance.now() - start),
    });
  });
  app.use(
    secureHeaders({
      xFrameOptions: "DENY",
      referrerPolicy: "no-referrer",
      contentSecurityPolicy: dashboard === undefined ? START_PAGE_CSP : DASHBOARD_CSP,
    }),
  );
  app.use(async (c, next) =>
    isAllowedOrigin(c.req.header("origin") ?? null, hostNames) ? next() : failureResponse(new Failure("authentication.origin")),
  );
  app.use(noteChanges(parts.audit));
  const load = new Load();
  const authenticate: MiddlewareHandler = async (c, next) => {
    const asked = notesOn(c);
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
  app.get("/", (c) => c.html(startPage()));
  app.notFound((c) => failureResponse(new Failure("not_found", { detail: `No route for ${c.req.method} ${c.req.path}` })));
  return app;
}

interface ControlEnv {
  readonly Bindings: { readonly address: string };
}

const READS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Says to the audit log who wanted to change what, and what came of it. */
function noteChanges(audit: AppParts["audit"]): MiddlewareHandler<ControlEnv> {
  return async (c, next) => {
    const asked = beginNotes(c, c.env.address);
    const at = Date.now();
    await next();
    const { method, path } = c.req;
    if (!READS.has(method)) audit.record({ at, method, ...outcomeOf(asked, path), status: c.res.status });
  };
}

function outcomeOf(
  { principal, address, action, target, code }: Asked,
  path: string,
): Pick<AuditEntry, "who" | "action" | "target" | "address" | "code"> {
  // What no endpoint has taken is told by where it went: the rest of its path is whatever somebody made up, or a secret.
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

/** The script that a request is for, and the URL that it is to see. */
function workerOf(url: URL): { script: string; url: URL } | undefined {
  const byHost = /^([a-z0-9][a-z0-9_-]*)\.localhost$/.exec(url.hostname)?.[1];
  if (byHost !== undefined) return { script: byHost, url };
  const byPath = /^\/workers\/([a-z0-9][a-z0-9_-]*)(\/.*|$)/.exec(url.pathname);
  if (byPath === null) return undefined;
  const [, script = "", rest = ""] = byPath;
  const inner = new URL(url);
  inner.pathname = rest === "" ? "/" : rest;
  return { script, url: inner };
}

async function callWorker({ engine, byHand, log }: AppParts, script: string, url: URL, request: Request): Promise<Response> {
  try {
    if (byHand && isByHand(url.pathname)) return await callByHand(engine, script, url);
    const { method, headers, body, signal } = request;
    const init: RequestInit = { method, headers, signal, redirect: "manual" };
    const response = await engine.fetch(script, new Request(url, body === null ? init : { ...init, body, duplex: "half" }));
    if (response instanceof Upgraded) return response;
    // Only what the control plane answers may become a WebSocket of our own.
    if (response.headers.has("upgrade")) response.headers.delete("upgrade");
    return response;
  } catch (cause) {
    if (cause instanceof Failure) return failureResponse(cause);
    log.error("A Worker could not be called", { script, reason: String(cause) });
    return failureResponse(new Failure("internal_server"));
  }
}
