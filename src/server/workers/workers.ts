/**
 * The way to a Worker's own `fetch` handler: by host name, or below `/workers/`. That path is on the origin of the dashboard,
 * where a page could use the session of its reader. So where people log in, pages there are sandboxed, and the Worker has no
 * cookies. The session cookie is kept from Workers at every address.
 */
import { Failure } from "../../model/failures/failure.ts";
import { Upgraded } from "../../protocol/upgraded.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { ScriptCalls } from "../../ports/script-calls.ts";
import { failureResponse } from "../../api/endpoint/envelope.ts";
import { callDevTrigger, isDevTrigger } from "./dev-triggers.ts";
import { setsSession, withoutSession } from "../sessions/cookies.ts";
import { isHungUp, unheard } from "../../api/endpoint/gone.ts";
import { isForeign } from "./trusted-hosts.ts";
import { atOrigin, movedHeaders, type Origin } from "../sessions/origin.ts";
import { Streamed } from "./streamed.ts";

/** Which Worker a request is for. */
export interface WorkerRoute {
  readonly script: string;
  /** As the client has it, without what leads to the Worker. */
  readonly url: URL;
  /** `own`: an origin that is the Worker's; `local`: the same on this machine; `shared`: that of the dashboard. */
  readonly origin: "own" | "local" | "shared";
}

/** The Worker that a URL leads to. */
export function workerAt(url: URL, scriptAt: (url: URL) => string | undefined): WorkerRoute | undefined {
  const named = scriptAt(url);
  if (named !== undefined) return { script: named, url, origin: "own" };
  const local = /^([a-z0-9][a-z0-9_-]*)\.localhost$/.exec(url.hostname)?.[1];
  if (local !== undefined) return { script: local, url, origin: "local" };
  const byPath = /^\/workers\/([a-z0-9][a-z0-9_-]*)(\/.*|$)/.exec(url.pathname);
  if (byPath === null) return undefined;
  const [, script = "", rest = ""] = byPath;
  const inner = new URL(url);
  inner.pathname = rest === "" ? "/" : rest;
  return { script, url: inner, origin: "shared" };
}

/** The host name at which the primary Worker of `stepwell dev` answers, as with `wrangler dev`. */
export const PRIMARY_HOST = "localhost";

/** What clients of the API ask for there: they may know the server by that name. */
const OF_API = /^\/(?:client\/v4|cdn-cgi\/(?:local\/)?explorer|tails|transfers)(?:\/|$)/;

/** The primary Worker, when there is one and a URL leads to it. */
export function primaryAt(url: URL, primary: (() => string) | undefined): WorkerRoute | undefined {
  if (primary === undefined || url.hostname !== PRIMARY_HOST || OF_API.test(url.pathname)) return undefined;
  return { script: primary(), url, origin: "local" };
}

/** How requests are passed on to Workers. */
export interface WorkerAccess {
  readonly calls: ScriptCalls;
  /** Whether handlers can be called by hand, at paths of the Worker: for development. */
  readonly devTriggers: boolean;
  /** Whether people log in at this server's origin. */
  readonly hasSessions: boolean;
  /** The origin that a Worker sees at its local ones; absent where that is none but these. */
  readonly originOf?: (script: string) => Origin;
  readonly log: Log;
  readonly clock: Clock;
}

/** What pages at the shared path may do. Without `allow-same-origin` they have an origin that is like no other. */
const SANDBOX = "sandbox allow-scripts allow-forms allow-modals allow-popups allow-popups-to-escape-sandbox allow-downloads";

/** Headers of answers that are in force for all of an origin, or all of a host, and not for the answer alone. */
const ORIGIN_WIDE = [
  "accept-ch",
  "alt-svc",
  "clear-site-data",
  "critical-ch",
  "nel",
  "origin-agent-cluster",
  "report-to",
  "secure-session-registration",
  "service-worker-allowed",
  "strict-transport-security",
  "use-as-dictionary",
];

/** Answers with what the Worker says. Never rejects. */
export async function callWorker(
  access: WorkerAccess,
  { script, url, origin }: WorkerRoute,
  request: Request,
): Promise<Response> {
  const { calls, devTriggers, hasSessions, originOf, log } = access;
  const seen = origin === "local" && originOf !== undefined ? atOrigin(url, originOf(script)) : url;
  try {
    if (devTriggers && isDevTrigger(url.pathname)) {
      // Links are refused too: this is a GET with an effect.
      if (isForeign(request.headers, url)) throw new Failure("authentication.origin");
      return await callDevTrigger(access, script, url);
    }
    const isSandboxed = hasSessions && origin === "shared";
    const { method, body, signal } = request;
    const headers = movedHeaders(sentHeaders(request.headers, isSandboxed), url, seen);
    const init: RequestInit = { method, headers, signal, redirect: "manual" };
    const response = await calls.fetch(script, new Request(seen, body === null ? init : { ...init, body, duplex: "half" }));
    const onBroken = (cause: unknown): void =>
      log.warn("The response of a Worker was cut off", { script, reason: String(cause) });
    return shown(response, { script, url, seen, isShared: origin === "shared", isSandboxed, onBroken });
  } catch (cause) {
    if (cause instanceof Failure) return failureResponse(hasSessions ? forStrangers(cause) : cause);
    if (isHungUp(request, cause)) return unheard();
    log.error("A Worker could not be called", { script, reason: String(cause) });
    return failureResponse(new Failure("internal_server"));
  }
}

/** The exception of a Worker is for users who may read its log. */
function forStrangers(failure: Failure): Failure {
  return failure.failure === "script.exception" ? new Failure("script.exception") : failure;
}

function sentHeaders(from: Headers, isSandboxed: boolean): Headers {
  const cookie = from.get("cookie");
  if (cookie === null) return from;
  const headers = new Headers(from);
  const rest = isSandboxed ? "" : withoutSession(cookie);
  if (rest === "") headers.delete("cookie");
  else headers.set("cookie", rest);
  return headers;
}

interface Showing extends Pick<WorkerRoute, "script" | "url"> {
  /** The URL that the Worker has seen. */
  readonly seen: URL;
  readonly isShared: boolean;
  readonly isSandboxed: boolean;
  readonly onBroken: (cause: unknown) => void;
}

/** Where a redirect leads from outside: the Worker does not know that its paths are below `/workers/`. Other hosts' stay. */
function belowSharedPath(location: string, script: string, url: URL): string {
  if (!URL.canParse(location, url.href)) return location;
  const target = new URL(location, url);
  if (target.host !== url.host || !/^https?:$/.test(target.protocol)) return location;
  target.pathname = `/workers/${script}${target.pathname}`;
  const isAbsolute = URL.canParse(location) || location.startsWith("//");
  return isAbsolute ? target.href : `${target.pathname}${target.search}${target.hash}`;
}

/** The answer, with the headers that a Worker may send from there. */
function shown(response: Response, { script, url, seen, isShared, isSandboxed, onBroken }: Showing): Response {
  const headers = new Headers(movedHeaders(response.headers, seen, url));
  const cookies = headers.getSetCookie();
  headers.delete("set-cookie");
  if (!isSandboxed) for (const each of cookies) if (!setsSession(each)) headers.append("set-cookie", each);
  if (isShared) {
    for (const name of ORIGIN_WIDE) headers.delete(name);
    const location = headers.get("location");
    if (location !== null) headers.set("location", belowSharedPath(location, script, url));
  }
  // Several policies all hold: what the Worker says besides cannot loosen this one.
  if (isSandboxed) headers.append("content-security-policy", SANDBOX);
  if (response instanceof Upgraded) return new Upgraded(response.wire, headers);
  // Only what the control plane answers may become a WebSocket of our own.
  headers.delete("upgrade");
  const { status, statusText, body } = response;
  return new Streamed(body, { status, statusText, headers }, onBroken);
}
