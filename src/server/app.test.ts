/** Which request goes where, and what it needs to get there. */
import { PassThrough } from "node:stream";
import { afterEach, describe, expect, test, vi } from "vitest";
import { BodyRoom } from "../api/endpoint/body.ts";
import { explorerApi } from "../api/explorer/explorer.ts";
import { ownApi } from "../api/own/own.ts";
import { restApi } from "../api/cloudflare/rest.ts";
import { inProcessExecutor } from "../executors/in-process/executor.ts";
import { Failure } from "../model/failures/failure.ts";
import { LIMITS } from "../model/limits.ts";
import { LOCAL } from "../model/platform/roles.ts";
import type { Log } from "../ports/log.ts";
import { silentLog } from "../noop/log.ts";
import type { Executor, Host } from "../ports/executor.ts";
import { Upgraded } from "../protocol/upgraded.ts";
import { noStorage } from "../noop/storage.ts";
import { StoreError } from "../model/failures/store-error.ts";
import { noVault } from "../noop/vault.ts";
import { Transfers } from "../api/cloudflare/storage/transfers.ts";
import { systemClock } from "../system/clock.ts";
import { Tails } from "../workers/logs/tails.ts";
import { Audit } from "../access/audit.ts";
import { createToken } from "../access/tokens.ts";
import { HostNames } from "../workers/addresses/host-names.ts";
import { sqliteAudit } from "../stores/sqlite/audit/audit.ts";
import { InstanceLogs } from "../workers/logs/instance-logs.ts";
import { AssetStore } from "../workers/assets/assets.ts";
import { Publisher } from "../workers/versions/publisher.ts";
import { openBench, type Bench } from "../testing/engine-bench.ts";
import { serverApp, type AppParts } from "./app.ts";
import { openGuard, type Guard } from "./sessions/auth.ts";
import type { Origin } from "./sessions/origin.ts";
import { orLoggedIn, Sessions } from "./sessions/sessions.ts";
import { systemIds } from "../system/ids.ts";

class Quick {
  async run(): Promise<void> {}
}

let bench: Bench;
const opened: Bench[] = [];
afterEach(() => Promise.all(opened.splice(0).map((each) => each.close())));

type Send = (url: string, init?: RequestInit) => Promise<Response>;

interface Opened {
  readonly guard?: Guard;
  readonly hostNames?: readonly string[];
  readonly devTriggers?: boolean;
  /** What Workers see in place of their local origin. */
  readonly shownOrigin?: Origin;
  /** Whether people log in. */
  readonly hasLogin?: boolean;
}

/** The address of a proxy that is trusted. */
const PROXY = "10.1.0.1";

/**
 * A server whose one Worker, `script`, answers with what it was asked. `via` is the address at the other end of the connection.
 */
async function open(
  { guard = openGuard, hostNames = [], devTriggers = false, hasLogin = false, shownOrigin }: Opened = {},
  via = "192.0.2.1",
): Promise<Send> {
  bench = await openBench(() => withFetch(inProcessExecutor({ classes: { Quick } })), ["Quick"]);
  opened.push(bench);
  const { engine, calls, store, catalog, clock } = bench;
  const logs = new InstanceLogs({ ...bench, log: silentLog });
  const publisher = new Publisher({ catalog, vault: noVault, load: () => Promise.resolve() });
  const tails = new Tails(systemClock);
  const names = await HostNames.open(catalog, {});
  const transfers = new Transfers(clock, systemIds);
  // No route that is asked for here needs them.
  const unused = { queues: undefined as never, subscriptions: undefined as never, emails: undefined as never };
  const audit = new Audit(sqliteAudit(":memory:"), { clock, log: silentLog });
  const api = {
    ...unused,
    publisher,
    tails,
    logs,
    hostNames: names,
    transfers,
    engine,
    store,
    catalog,
    vault: noVault,
    points: { newest: () => Promise.resolve([]) },
    storage: noStorage,
    assets: new AssetStore("/nowhere"),
    clock,
    ids: systemIds,
    log: silentLog,
    audit,
    bodies: new BodyRoom(),
    settings: {},
    accountId: "local",
  };
  const app = serverApp({
    audit,
    bodies: api.bodies,
    engine,
    calls,
    tails,
    workers: names,
    transfers,
    rest: restApi(api),
    own: ownApi(api),
    explorer: explorerApi(api),
    devTriggers,
    ...(shownOrigin !== undefined && { primary: () => "script", originOf: () => shownOrigin }),
    ...(hasLogin ? loggingIn(guard, new Sessions(catalog, clock, systemIds)) : { guard }),
    log,
    clock,
    hostNames,
    proxies: [PROXY],
  });
  return (url, init) => app(new Request(url.startsWith("/") ? `http://127.0.0.1:8787${url}` : url, init), via);
}

function loggingIn(guard: Guard, sessions: Sessions): Pick<AppParts, "guard" | "sessions"> {
  return { guard: orLoggedIn(guard, sessions), sessions };
}

function withFetch(executor: Executor): Executor {
  return {
    ...executor,
    open: async (version, bindings) => ({
      ...(await executor.open(version, bindings)),
      fetch: echo,
      dispatch: async (event) => {
        dispatched.push(event);
        return { thrown: null } as Awaited<ReturnType<Host["dispatch"]>>;
      },
    }),
  };
}

async function echo(request: Request): Promise<Response> {
  const { pathname, search, searchParams, hostname } = new URL(request.url);
  if (pathname === "/moved") return Response.redirect("http://elsewhere.example/", 302);
  if (pathname === "/dir/moved") return new Response(null, { status: 302, headers: { location: searchParams.get("to") ?? "" } });
  if (pathname === "/page") return new Response("<p>page", { headers: PAGE });
  if (pathname === "/socket") return new Upgraded(new PassThrough(), new Headers(PAGE));
  if (pathname === "/throws") throw new Failure("script.exception", { detail: "with a secret" });
  if (pathname === "/client") return Response.json(request.headers.get("cf-connecting-ip"));
  if (pathname === "/cookie") return Response.json(request.headers.get("cookie"));
  const said = { method: request.method, hostname, path: pathname + search, body: await request.text() };
  return Response.json({ ...said, mark: request.headers.get("x-mark") }, { status: 201, headers: { "x-worker": "yes" } });
}

/** What a Worker might send from a page. */
const PAGE: [string, string][] = [
  ["content-type", "text/html"],
  ["content-security-policy", "sandbox allow-same-origin allow-scripts; default-src *"],
  ["set-cookie", "cart=1; Path=/"],
  ["set-cookie", "stepwell_session=chosen; Path=/"],
  ["Set-Cookie", "__HOST-stepwell_session=; Path=/; Secure; Max-Age=0"],
  ["set-cookie", "=stepwell_session=chosen; Path=/"],
  ["set-cookie", "theme=dark"],
  ["clear-site-data", '"cookies", "storage"'],
  ["service-worker-allowed", "/"],
  ["strict-transport-security", "max-age=31536000; includeSubDomains"],
  ["nel", "{}"],
  ["x-worker", "yes"],
];

/** What the server's log says went wrong. */
const logged: string[] = [];
const log: Log = {
  ...silentLog,
  error: (message, fields) => logged.push(`${message} ${JSON.stringify(fields)}`),
  debug: (message, fields) => logged.push(`${message} ${JSON.stringify(fields)}`),
};

const dispatched: Parameters<Host["dispatch"]>[0][] = [];

const LIST = "/client/v4/accounts/local/workflows";

describe("a Worker's own handler", () => {
  test.each([
    ["http://script.localhost:8787/a/b?c=d", "script.localhost", "/a/b?c=d"],
    ["http://script.localhost:8787/client/v4/accounts", "script.localhost", "/client/v4/accounts"],
    ["http://script.localhost:8787//double//", "script.localhost", "//double//"],
    ["http://127.0.0.1:8787/workers/script/a/b?c=d", "127.0.0.1", "/a/b?c=d"],
    ["http://127.0.0.1:8787/workers/script/", "127.0.0.1", "/"],
    ["http://127.0.0.1:8787/workers/script?c=d", "127.0.0.1", "/?c=d"],
    ["http://localhost/workers/script/workers/other/", "localhost", "/workers/other/"],
  ])("is at %s", async (url, hostname, path) => {
    const send = await open();
    const response = await send(url, { method: "POST", body: "text", headers: { "x-mark": "1" } });
    expect(response.status).toBe(201);
    expect(response.headers.get("x-worker")).toBe("yes");
    expect(response.headers.get("content-security-policy")).toBeNull();
    expect(await response.json()).toEqual({ method: "POST", hostname, path, body: "text", mark: "1" });
  });

  test("needs no token of ours, and its redirects are its caller's", async () => {
    const send = await open({ guard: () => Promise.resolve(undefined) });
    const response = await send("/workers/script/moved");
    expect(response.status).toBe(302);
    expect(response.headers.get("location")).toBe("http://elsewhere.example/");
  });

  test.each([
    ["/x?a=1#b", "/workers/script/x?a=1#b"],
    ["x", "/workers/script/dir/x"],
    ["http://127.0.0.1:8787/x", "http://127.0.0.1:8787/workers/script/x"],
    ["https://127.0.0.1:8787/x", "https://127.0.0.1:8787/workers/script/x"],
    ["/workers/other/", "/workers/script/workers/other/"],
    ["http://elsewhere.example/", "http://elsewhere.example/"],
    ["mailto:a@b.example", "mailto:a@b.example"],
    ["http://[", "http://["],
  ])("redirects to %s below its path", async (to, location) => {
    const send = await open();
    const query = `?to=${encodeURIComponent(to)}`;
    expect((await send(`/workers/script/dir/moved${query}`)).headers.get("location")).toBe(location);
    expect((await send(`http://script.localhost/dir/moved${query}`)).headers.get("location")).toBe(to);
  });

  test("sees the origin that it is shown at its local ones alone, and its redirects lead back", async () => {
    const send = await open({ shownOrigin: { protocol: "https", host: "shop.example.com" } });
    for (const base of ["http://localhost:8787", "http://script.localhost:8787"]) {
      expect(await (await send(`${base}/client/a?b=c`)).json()).toMatchObject({
        hostname: "shop.example.com",
        path: "/client/a?b=c",
      });
      const { headers } = await send(`${base}/dir/moved?to=${encodeURIComponent("https://shop.example.com/b")}`);
      expect(headers.get("location")).toBe(`${base}/b`);
    }
    expect(await (await send("/workers/script/a")).json()).toMatchObject({ hostname: "127.0.0.1" });
  });

  test.each(["http://unknown.localhost/", "/workers/unknown/"])("that does not exist is answered with 404 at %s", async (url) => {
    const response = await (await open())(url);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ success: false, errors: [{ code: 10007 }], result: null });
  });

  test.each(["/workers", "/workers/", "/workers/Not-A-Name/", "/workers/%2e%2e/x"])("is not at %s", async (path) => {
    const response = await (await open())(path);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ errors: [{ code: 10900 }] });
  });
});

describe("host names", () => {
  test.each(["localhost:8787", "127.0.0.1", "[::1]:8787", "LOCALHOST"])("%s is served", async (host) => {
    expect((await (await open())(`http://${host}/healthz`)).status).toBe(200);
  });

  test.each(["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1", "evillocalhost"])(
    "%s is not: it may be a page that had its name resolved to this machine",
    async (host) => {
      expect((await (await open())(`http://${host}/healthz`)).status).toBe(403);
      expect((await (await open())(`http://${host}/workers/script/`)).status).toBe(403);
    },
  );

  test("configured names are served", async () => {
    const named = await open({ hostNames: ["stepwell.example"] });
    expect((await named("http://stepwell.example/healthz")).status).toBe(200);
    expect((await named("http://other.example/healthz")).status).toBe(403);
    const all = await open({ hostNames: ["*"] });
    expect((await all("http://other.example/healthz")).status).toBe(200);
  });
});

describe("pages of other origins", () => {
  const create = (headers: Record<string, string>): RequestInit => ({ method: "POST", body: '{"instance_id":"q"}', headers });
  const INSTANCES = `${LIST}/Quick/instances`;

  test.each<Record<string, string>>([
    { origin: "http://evil.example" },
    { origin: "https://localhost.evil.example" },
    { origin: "null" },
    { origin: "file://" },
    { origin: "garbage" },
    { origin: "http://127.0.0.1:3000" },
    { origin: "http://127.0.0.1" },
    { origin: "https://127.0.0.1:8787" },
    { origin: "http://localhost:8787" },
    { origin: "http://script.localhost:8787" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "cross-site", origin: "http://127.0.0.1:8787" },
    { "sec-fetch-site": "same-origin", origin: "http://evil.example" },
    { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", origin: "http://evil.example" },
  ])("cannot use the API with %j, wherever people log in or not", async (headers) => {
    for (const access of [{}, { hasLogin: true, hostNames: ["*"] }]) {
      const send = await open(access);
      const response = await send(INSTANCES, create(headers));
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ success: false, errors: [{ code: 10915 }] });
      expect(await bench.store.find("Quick", "q")).toBeUndefined();
      const paths = ["/cdn-cgi/local/explorer/api/workflows", "/api/v1/session", "/tails/x", "/transfers/x", LIST];
      for (const path of paths) expect([path, (await send(path, { headers })).status]).toEqual([path, 403]);
    }
  });

  test.each<Record<string, string>>([
    {},
    { origin: "http://127.0.0.1:8787" },
    { "sec-fetch-site": "same-origin" },
    { "sec-fetch-site": "none" },
  ])("are not those of the server's own, nor programs: %j", async (headers) => {
    expect((await (await open())(INSTANCES, create(headers))).status).toBe(200);
  });

  test("may link to the dashboard and to the API, and not embed them", async () => {
    const send = await open();
    const visit = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
    expect((await send("/", { headers: visit })).status).toBe(200);
    expect((await send(LIST, { headers: visit })).status).toBe(200);
    expect((await send(INSTANCES, create(visit))).status).toBe(403);
    expect((await send(LIST, { headers: { ...visit, "sec-fetch-mode": "no-cors" } })).status).toBe(403);
  });

  test("may not open a WebSocket with a user's cookie", async () => {
    const send = await open({ guard: tokens, hasLogin: true, hostNames: ["*"] });
    const cookie = await logIn(send);
    const headers = { cookie, upgrade: "websocket" };
    const url = `${LIST}/Quick/subscribe`;
    expect((await send(url, { headers: { ...headers, origin: "http://127.0.0.1:8787" } })).status).toBe(200);
    for (const origin of ["http://127.0.0.1:3000", "https://127.0.0.1:8787", "http://evil.example", "null"])
      expect([origin, (await send(url, { headers: { ...headers, origin } })).status]).toEqual([origin, 403]);
  });

  test("do not matter to requests with a token, which no page can send there", async () => {
    const send = await open({ guard: tokens, hasLogin: true, hostNames: ["*"] });
    const headers = { origin: "app://desktop", authorization: "Bearer good" };
    expect((await send(LIST, { headers })).status).toBe(200);
    // A wrong one opens nothing, whatever else comes along.
    const wrong = { ...headers, authorization: "Bearer bad", cookie: await logIn(send) };
    expect((await send(LIST, { headers: wrong })).status).toBe(403);
  });

  test("may not log a user in", async () => {
    const send = await open({ guard: tokens, hasLogin: true, hostNames: ["*"] });
    for (const headers of [{ "sec-fetch-site": "cross-site" }, { origin: "http://evil.example" }]) {
      const response = await send("/api/v1/session", { method: "POST", body: '{"token":"x"}', headers });
      expect([response.status, response.headers.get("set-cookie")]).toEqual([403, null]);
    }
  });

  test.each(["/cdn-cgi/handler/scheduled", "/cdn-cgi/local/scheduled", "/__scheduled"])(
    "do not trigger %s, not even by a link",
    async (path) => {
      const send = await open({ devTriggers: true });
      dispatched.length = 0;
      const foreign: Record<string, string>[] = [
        { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" },
        { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" },
        { "sec-fetch-site": "same-site" },
        { origin: "http://evil.example" },
        { origin: "http://script.localhost:3000" },
      ];
      for (const base of ["http://script.localhost:8787", "http://127.0.0.1:8787/workers/script"]) {
        for (const headers of foreign) expect((await send(base + path, { headers })).status).toBe(403);
        expect(dispatched).toEqual([]);
        expect((await send(base + path, { headers: { "sec-fetch-site": "none" } })).status).toBe(200);
        expect(dispatched.splice(0)).toHaveLength(1);
      }
      expect((await send(`http://evil.example:8787/workers/script${path}`)).status).toBe(403);
    },
  );

  test("a Worker decides for itself which origins it answers", async () => {
    const headers = { origin: "http://evil.example", "sec-fetch-site": "cross-site" };
    expect((await (await open())("/workers/script/", { headers })).status).toBe(201);
  });
});

const tokens: Guard = (headers) => Promise.resolve(headers.get("authorization") === "Bearer good" ? LOCAL : undefined);

/** The cookie of a user who has logged in. */
async function logIn(send: Send): Promise<string> {
  const { token } = await createToken(
    { catalog: bench.catalog, clock: systemClock, ids: systemIds },
    { label: "", role: "admin" },
  );
  const response = await send("/api/v1/session", { method: "POST", body: JSON.stringify({ token }) });
  return response.headers.get("set-cookie")?.split(";", 1)[0] ?? "";
}

describe("a Worker's page", () => {
  const OURS = `stepwell_session=${"x".repeat(43)}`;
  const BY_PATH = "http://127.0.0.1:8787/workers/script";
  const BY_HOST = "http://script.localhost:8787";

  test("on the dashboard's origin is sandboxed where people log in, whatever the Worker says, and has no cookies", async () => {
    const send = await open({ hasLogin: true });
    for (const path of ["/page", "/socket"]) {
      const { headers } = await send(BY_PATH + path);
      const policies = headers.get("content-security-policy")?.split(", ") ?? [];
      expect(policies[0]).toBe("sandbox allow-same-origin allow-scripts; default-src *");
      expect(policies[1]).toMatch(/^sandbox allow-scripts( allow-(?!same-origin)[a-z-]+)*$/);
      expect(headers.getSetCookie()).toEqual([]);
      expect(headers.get("x-worker")).toBe("yes");
    }
    expect(await (await send(`${BY_PATH}/cookie`, { headers: { cookie: `cart=1; ${OURS}` } })).json()).toBeNull();
    expect((await send(`${BY_PATH}/moved`)).headers.get("content-security-policy")).toContain("sandbox");
  });

  test("has cookies and no sandbox on an origin of its own, and without logins", async () => {
    for (const [hasLogin, base] of [
      [true, BY_HOST],
      [false, BY_HOST],
      [false, BY_PATH],
    ] as const) {
      const send = await open({ hasLogin });
      const { headers } = await send(`${base}/page`);
      expect(headers.get("content-security-policy")).toBe("sandbox allow-same-origin allow-scripts; default-src *");
      expect(headers.getSetCookie()).toEqual(["cart=1; Path=/", "theme=dark"]);
    }
  });

  test.each(["clear-site-data", "service-worker-allowed", "strict-transport-security", "nel"])(
    "does not say %s for all of the dashboard's origin",
    async (name) => {
      const send = await open();
      expect((await send(`${BY_PATH}/page`)).headers.get(name)).toBeNull();
      expect((await send(`${BY_HOST}/page`)).headers.get(name)).not.toBeNull();
    },
  );

  test.each([
    [`cart=1; ${OURS}; theme=dark`, "cart=1; theme=dark"],
    [OURS, null],
    [`__Host-${OURS};a=b`, "a=b"],
    [`Stepwell_Session=abc; a=b`, "a=b"],
    [`a=b, ${OURS}`, "a=b,"],
    [`stepwell_session; a=b`, "a=b"],
    [`not_stepwell_session=1; stepwell_session_2=1`, "not_stepwell_session=1; stepwell_session_2=1"],
  ])("is not sent our cookie: of %s it gets %s", async (cookie, seen) => {
    const send = await open();
    for (const base of [BY_PATH, BY_HOST])
      expect(await (await send(`${base}/cookie`, { headers: { cookie } })).json()).toBe(seen);
  });
});

test("a Worker gets the client's address from the connection or a trusted proxy, never from the client itself", async () => {
  const forged = { "cf-connecting-ip": "10.0.0.1", "x-forwarded-for": "203.0.113.9" };
  const seen = async (send: Send): Promise<unknown> => (await send("http://script.localhost/client", { headers: forged })).json();
  expect(await seen(await open({}, "192.0.2.1"))).toBe("192.0.2.1");
  expect(await seen(await open({}, PROXY))).toBe("203.0.113.9");
});

describe("behind a proxy that ends TLS", () => {
  const tls = { "x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.9" };

  test("and is trusted, the origin is that of HTTPS, cookies are secure, and this host alone is to be asked by HTTPS", async () => {
    const send = await open({ guard: tokens, hasLogin: true, hostNames: ["*"] }, PROXY);
    const url = "http://stepwell.example/api/v1/session";
    const { token } = await createToken(
      { catalog: bench.catalog, clock: systemClock, ids: systemIds },
      { label: "", role: "admin" },
    );
    const init = { method: "POST", body: JSON.stringify({ token }) };
    const { headers } = await send(url, { ...init, headers: { ...tls, origin: "https://stepwell.example" } });
    expect(headers.get("set-cookie")).toMatch(/^__Host-stepwell_session=.*; Secure$/);
    expect(headers.get("strict-transport-security")).toBe("max-age=15552000");
    expect((await send(url, { ...init, headers: { ...tls, origin: "http://stepwell.example" } })).status).toBe(403);
    const worker = await send("http://stepwell.example/workers/script/", { headers: tls });
    expect(worker.headers.get("strict-transport-security")).toBeNull();
  });

  test("and is not trusted, a browser's own comparison of origins counts, and nothing is promised for HTTPS", async () => {
    const send = await open({ guard: tokens, hasLogin: true, hostNames: ["*"] });
    const url = "http://stepwell.example/api/v1/session";
    const { token } = await createToken(
      { catalog: bench.catalog, clock: systemClock, ids: systemIds },
      { label: "", role: "admin" },
    );
    const post = (headers: Record<string, string>): Promise<Response> =>
      send(url, { method: "POST", body: JSON.stringify({ token }), headers: { ...tls, ...headers } });
    const { status, headers } = await post({ origin: "https://stepwell.example", "sec-fetch-site": "same-origin" });
    expect([status, headers.get("strict-transport-security")]).toEqual([200, null]);
    expect(headers.get("set-cookie")).toMatch(/^stepwell_session=(?!.*Secure)/);
    const refused = await post({ origin: "https://stepwell.example" });
    expect(refused.status).toBe(403);
    expect(JSON.stringify(await refused.json())).toContain("--trusted-proxy");
  });
});

describe("without a token", () => {
  const REFUSED: Guard = (headers) => Promise.resolve(headers.get("authorization") === "Bearer good" ? LOCAL : undefined);

  test.each([
    LIST,
    "/client/v4",
    "/client/v4/",
    "//client//v4//accounts/local/workflows",
    "/client/v4/openapi.json",
    "/client/v4/no/such/route",
    "/cdn-cgi/local/explorer/api",
    "/cdn-cgi/local/explorer/api/workflows",
    "/cdn-cgi/explorer/api/workflows/Quick/instances",
  ])("%s is refused", async (path) => {
    const send = await open({ guard: REFUSED });
    for (const method of ["GET", "POST", "DELETE", "HEAD"]) {
      expect([method, (await send(path, { method })).status]).toEqual([method, 401]);
    }
    const { headers, ...response } = await read(await send(path));
    expect(response).toMatchObject({ success: false, errors: [{ code: 10000, message: "Authentication error" }], result: null });
    expect(headers.get("x-frame-options")).toBe("DENY");
  });

  test("nothing is reached by writing a path in another way", async () => {
    const send = await open({ guard: REFUSED });
    for (const path of [
      "/%63lient/v4/accounts/local/workflows",
      "/client%2Fv4/accounts/local/workflows",
      "/Client/v4/accounts",
      "/x/../client/v4/accounts",
    ]) {
      expect([401, 404]).toContain((await send(path)).status);
    }
  });

  test("the right one opens everything, and a wrong one is refused with another code than none", async () => {
    const send = await open({ guard: REFUSED });
    const headers = { authorization: "Bearer good" };
    const verify = "/client/v4/user/tokens/verify";
    expect(await read(await send(verify, { headers }))).toMatchObject({ success: true, result: { status: "active" } });
    expect(await read(await send(LIST, { headers }))).toMatchObject({ success: true });
    expect(await read(await send("/cdn-cgi/local/explorer/api/workflows", { headers }))).toMatchObject({ success: true });
    const wrong = await read(await send(verify, { headers: { authorization: "Bearer bad" } }));
    expect(wrong).toMatchObject({ status: 403, success: false, errors: [{ code: 9109, message: "Invalid access token" }] });
  });

  test("the server still says that it lives, and shows its start page", async () => {
    const send = await open({ guard: REFUSED });
    expect(await (await send("/healthz")).json()).toEqual({ status: "ok" });
    const page = await send("http://127.0.0.1:8080/");
    expect(page.headers.get("content-type")).toMatch(/^text\/html/);
    const text = await page.text();
    expect(text).toContain("stepwell is running");
    expect(text).toContain("curl http://127.0.0.1:8080/client/v4/accounts/local/workflows<");
    expect(text).toContain("wrangler workflows list --local --port 8080<");
  });
});

test("a server that can store nothing says so, with the cause and when to ask again, and goes on by itself", async () => {
  const send = await open();
  let fault: StoreError | undefined = new StoreError("full", "The disk is full");
  const commit = bench.store.commit.bind(bench.store);
  bench.store.commit = (...of) => (fault === undefined ? commit(...of) : Promise.reject(fault));
  const create = (): Promise<Response> => send(`${LIST}/Quick/instances`, { method: "POST", body: "{}" });
  for (const refused of [await create(), await create(), await send("/healthz")]) {
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await refused.json()).toMatchObject({
      success: false,
      errors: [
        {
          code: 10924,
          message: "workflows.api.error.store.full",
          error_chain: [{ message: expect.stringContaining("Free") as string }],
        },
      ],
    });
  }
  fault = undefined;
  bench.clock.advance(100);
  await bench.quiet();
  expect(await (await send("/healthz")).json()).toEqual({ status: "ok" });
  expect((await create()).status).toBe(200);
});

test.each(["/", "/healthz", LIST, "/no/such/route", "/cdn-cgi/local/explorer/api/workflows"])(
  "%s has hardened headers, and the page's own style is all that may load",
  async (path) => {
    const { headers } = await (await open())(path);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("content-security-policy")).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/]+=*'; frame-ancestors 'none'/,
    );
  },
);

test("a route that is not there is named", async () => {
  const response = await read(await (await open())("/no/such/route", { method: "PUT" }));
  expect(response).toMatchObject({ status: 404, success: false, errors: [{ code: 10900 }], messages: [], result: null });
  expect(JSON.stringify(response.errors)).toContain("No route for PUT /no/such/route");
});

/** A body without an announced length that goes on for ever, and how much of it has been taken. */
function endless(): { readonly init: RequestInit; readonly taken: () => number } {
  const chunk = new Uint8Array(64 * 1024).fill(0x20);
  let taken = 0;
  const body = new ReadableStream(
    {
      pull: (controller) => {
        taken += chunk.length;
        controller.enqueue(chunk);
      },
    },
    { highWaterMark: 0 },
  );
  return { init: { body, duplex: "half" }, taken: () => taken };
}

describe("a body that is too large", () => {
  test.each([
    ["POST", `${LIST}/Quick/instances`, LIMITS.valueBodyBytes],
    ["PATCH", `${LIST}/Quick/instances/x/status`, LIMITS.bodyBytes],
    ["PUT", "/client/v4/accounts/local/workers/scripts/script", LIMITS.uploadBodyBytes],
    ["POST", "/api/v1/session", LIMITS.loginBodyBytes],
  ])("is refused by its announced length, before it is read (%s %s)", async (method, path, most) => {
    const { init, taken } = endless();
    const send = await open();
    const response = await read(await send(path, { ...init, method, headers: { "content-length": String(most + 1) } }));
    expect(response).toMatchObject({ status: 413, success: false, errors: [{ code: 11070 }], result: null });
    expect(taken()).toBe(0);
  });

  test.each([
    ["POST", `${LIST}/Quick/instances`, LIMITS.valueBodyBytes],
    ["POST", "/api/v1/session", LIMITS.loginBodyBytes],
  ])("is refused as it comes when no length was announced (%s %s)", async (method, path, most) => {
    const { init, taken } = endless();
    const send = await open();
    expect(await read(await send(path, { ...init, method }))).toMatchObject({ status: 413, errors: [{ code: 11070 }] });
    expect(taken()).toBeLessThan(most + 256 * 1024);
  });
});

test.each([
  ["POST", `${LIST}/Quick/instances`, 401],
  ["POST", `${LIST}/Quick/instances/x/events/e`, 401],
  ["PUT", "/client/v4/accounts/local/workers/scripts/script", 401],
  ["PUT", "/client/v4/accounts/local/storage/kv/namespaces/n/values/k", 401],
  ["POST", "/client/v4/accounts/local/workers/assets/upload?base64=true", 403],
  ["POST", "/cdn-cgi/local/explorer/api/workflows/Quick/instances", 401],
  ["POST", "/api/v1/tokens", 401],
  ["PUT", "/transfers/8a1bd2bc-6a5e-4a3a-9f0e-3f6f7f0f4c11", 404],
  ["POST", "/no/such/route", 404],
])("the body of a stranger is not read (%s %s)", async (method, path, status) => {
  const send = await open({ guard: () => Promise.resolve(undefined) });
  for (const headers of [{}, { "content-length": "1000" }] as Record<string, string>[]) {
    const { init, taken } = endless();
    const response = await send(path, { ...init, method, headers });
    expect([response.status, taken()]).toEqual([status, 0]);
  }
});

test("requests over the limit of concurrent requests are refused unread, with a time to retry", async () => {
  const send = await open();
  const late = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
  const slow = (): RequestInit => ({
    method: "POST",
    body: new ReadableStream({
      pull: async (controller) => {
        controller.enqueue(await late.promise);
        controller.close();
      },
    }),
    duplex: "half",
  });
  const taken = Array.from({ length: LIMITS.requestsAtOnce }, async () => (await send(`${LIST}/Quick/instances`, slow())).status);
  // Guards take a turn to identify the client.
  await new Promise((resolve) => setImmediate(resolve));
  const { init, taken: bytes } = endless();
  const refused = await read(await send(`${LIST}/Quick/instances`, { ...init, method: "POST" }));
  expect(refused).toMatchObject({ status: 503, errors: [{ code: 11072 }] });
  expect([refused.headers.get("retry-after"), bytes()]).toEqual(["1", 0]);
  // Reads and health checks are not limited by changes.
  expect([(await send(LIST)).status, (await send("/healthz")).status]).toEqual([200, 200]);
  late.resolve(new TextEncoder().encode("{}"));
  expect(new Set(await Promise.all(taken))).toEqual(new Set([200]));
  expect((await send(`${LIST}/Quick/instances`, { method: "POST", body: "{}" })).status).toBe(200);
});

test("an exception of a Worker is shown without login, and hidden from anonymous clients elsewhere", async () => {
  const inDev = await open();
  expect(await (await inDev("/workers/script/throws")).text()).toContain("with a secret");
  const inServe = await open({ guard: () => Promise.resolve(undefined), hasLogin: true, hostNames: ["*"] });
  const hidden = await inServe("/workers/script/throws");
  expect([hidden.status, await hidden.text()]).toEqual([500, expect.not.stringContaining("secret")]);
});

describe("the log", () => {
  /** A body that ends with the connection that it came on, as Node tells of it. */
  const cutOff = (): ReadableStream =>
    new ReadableStream({ pull: (controller) => controller.error(Object.assign(new Error("aborted"), { code: "ECONNRESET" })) });

  test("does not call it an error when a client hangs up", async () => {
    const printed = vi.spyOn(console, "error").mockReturnValue();
    const send = await open();
    logged.length = 0;
    for (const path of ["/workers/script/", `${LIST}/Quick/instances`])
      expect((await send(path, { method: "POST", body: cutOff(), duplex: "half" })).status).toBe(400);
    expect(logged.filter((line) => !line.startsWith("request "))).toEqual([]);
    expect(printed.mock.calls).toEqual([]);
    printed.mockRestore();
  });

  test("says nothing of ids that are secrets by themselves", async () => {
    const send = await open();
    logged.length = 0;
    for (const path of ["/tails/secret-id", "/transfers/secret-id", "//transfers//secret-id"]) await send(path);
    expect(logged).toHaveLength(3);
    expect(logged.join("\n")).not.toContain("secret-id");
  });
});

interface Read {
  readonly status: number;
  readonly headers: Headers;
  readonly success: boolean;
  readonly errors: unknown;
}

async function read(response: Response): Promise<Read> {
  return { ...((await response.json()) as Omit<Read, "status" | "headers">), status: response.status, headers: response.headers };
}
