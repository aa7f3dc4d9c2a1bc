/** Requests of tests to Workers: relative URLs, routes, and redirects, which are followed as `fetch` follows them. */
import { Failure } from "../../model/failures/failure.ts";
import { bySpecificity, matchesRoute, routePattern } from "../../model/platform/route-pattern.ts";
import { Upgraded } from "../../protocol/upgraded.ts";
import { refusal } from "./errors.ts";

/** As in the Fetch standard. */
const MAX_REDIRECTS = 20;

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Calls the Worker that a URL is for. */
type Call = (request: Request) => Promise<Response>;

/** The request of `fetch(input, init)`, where relative URLs are below `base`. */
export function requestOf(base: string, input: string | URL | Request, init?: RequestInit): Request {
  const url = typeof input === "string" ? new URL(input, base) : input;
  return new Request(url, init);
}

/** The name of the Worker whose route fits a URL; of several, the most specific. */
export function routed(
  workers: readonly { readonly name: string; readonly routes: readonly string[] }[],
  url: URL,
): string | undefined {
  const known = workers.flatMap(({ name, routes }) =>
    routes.flatMap((text) => {
      const pattern = routePattern(text);
      return pattern === undefined ? [] : [{ ...pattern, name }];
    }),
  );
  return known.sort(bySpecificity).find((route) => matchesRoute(route, url))?.name;
}

/** Calls, and follows redirects to the same origin; those to others go to the network, as the test's own requests do. */
export async function send(call: Call, request: Request): Promise<Response> {
  const body = request.body === null ? undefined : await request.arrayBuffer();
  let next = withBody(request, request.url, request.method, body);
  for (let redirects = 0; ; redirects += 1) {
    const response = await answer(call, next);
    const location = response.headers.get("location");
    if (!REDIRECTS.has(response.status) || location === null || request.redirect === "manual") return response;
    if (request.redirect === "error") throw new TypeError("fetch failed: unexpected redirect");
    if (redirects === MAX_REDIRECTS) throw new TypeError("fetch failed: redirect count exceeded");
    await response.body?.cancel();
    const url = new URL(location, next.url);
    const keeps = response.status === 307 || response.status === 308 || next.method === "GET" || next.method === "HEAD";
    next = withBody(next, url.href, keeps ? next.method : "GET", keeps ? body : undefined);
    if (url.origin !== new URL(request.url).origin) return fetch(next);
  }
}

async function answer(call: Call, request: Request): Promise<Response> {
  try {
    const response = await call(request);
    if (!(response instanceof Upgraded)) return response;
    response.wire.destroy();
    throw refusal("upgrade");
  } catch (cause) {
    // What the Worker has thrown, as if the test had called the handler itself.
    if (cause instanceof Failure && cause.failure === "script.exception") throw new Error(cause.detail, { cause });
    throw cause;
  }
}

function withBody(from: Request, url: string, method: string, body: ArrayBuffer | undefined): Request {
  const { headers, signal } = from;
  const sent = new Headers(headers);
  if (body === undefined) for (const name of ["content-length", "content-type"]) sent.delete(name);
  sent.set("cf-connecting-ip", "127.0.0.1");
  return new Request(url, { method, headers: sent, signal, redirect: "manual", ...(body !== undefined && { body }) });
}
