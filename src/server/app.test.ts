/** Which request goes where, and what it needs to get there. */
import { afterEach, describe, expect, test } from "vitest";
import { explorerApi } from "../api/explorer.ts";
import { ownApi } from "../api/own.ts";
import { restApi } from "../api/rest.ts";
import { inProcessExecutor } from "../executors/in-process/executor.ts";
import { LOCAL } from "../model/roles.ts";
import { silentLog } from "../ports/log.ts";
import type { Executor } from "../ports/executor.ts";
import { noStorage } from "../ports/storage.ts";
import { StoreError } from "../ports/store.ts";
import { noVault } from "../ports/vault.ts";
import { Transfers } from "../api/transfers.ts";
import { Tails } from "../scripts/tails.ts";
import { Audit } from "../access/audit.ts";
import { memoryAudit } from "../stores/memory/audit.ts";
import { HostNames } from "../scripts/host-names.ts";
import { InstanceLogs } from "../scripts/instance-logs.ts";
import { AssetStore } from "../scripts/assets.ts";
import { Publisher } from "../scripts/publisher.ts";
import { openBench, type Bench } from "../testing/engine-bench.ts";
import { serverApp } from "./app.ts";
import { openGuard, type Guard } from "./auth.ts";

class Quick {
  async run(): Promise<void> {}
}

let bench: Bench;
afterEach(() => bench.close());

type Send = (url: string, init?: RequestInit) => Promise<Response>;

/** A server whose one Worker, `script`, answers with what it was asked. */
async function open(guard: Guard = openGuard, hostNames: readonly string[] = []): Promise<Send> {
  bench = await openBench(() => withFetch(inProcessExecutor({ classes: { Quick } })), ["Quick"]);
  const { engine, store, catalog, clock } = bench;
  const logs = new InstanceLogs({ ...bench, log: silentLog });
  const publisher = new Publisher({ catalog, vault: noVault, load: () => Promise.resolve() });
  const tails = new Tails();
  const names = await HostNames.open(catalog, {});
  const transfers = new Transfers(clock);
  // No route that is asked for here needs them.
  const unused = { cron: undefined as never, queues: undefined as never };
  const audit = new Audit(memoryAudit(), { clock, log: silentLog });
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
    storage: noStorage,
    assets: new AssetStore("/nowhere"),
    clock,
    log: silentLog,
    audit,
    settings: {},
    accountId: "local",
  };
  const app = serverApp({
    audit,
    engine,
    tails,
    workers: names,
    transfers,
    rest: restApi(api),
    own: ownApi(api),
    explorer: explorerApi(api),
    byHand: false,
    guard,
    log: silentLog,
    hostNames,
  });
  return (url, init) => app(new Request(url.startsWith("/") ? `http://127.0.0.1:8787${url}` : url, init));
}

function withFetch(executor: Executor): Executor {
  return {
    ...executor,
    open: async (version, bindings) => ({ ...(await executor.open(version, bindings)), fetch: echo }),
  };
}

async function echo(request: Request): Promise<Response> {
  const { pathname, search, hostname } = new URL(request.url);
  if (pathname === "/moved") return Response.redirect("http://elsewhere.example/", 302);
  const said = { method: request.method, hostname, path: pathname + search, body: await request.text() };
  return Response.json({ ...said, mark: request.headers.get("x-mark") }, { status: 201, headers: { "x-worker": "yes" } });
}

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
    const send = await open(() => Promise.resolve(undefined));
    const response = await send("/workers/script/moved");
    expect(response.status).toBe(302);
    expect(response.headers.get("location")).toBe("http://elsewhere.example/");
  });

  test.each(["http://nobody.localhost/", "/workers/nobody/"])("that is not there is said to be so at %s", async (url) => {
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

  test("others are served when the server was told of them", async () => {
    const named = await open(openGuard, ["stepwell.example"]);
    expect((await named("http://stepwell.example/healthz")).status).toBe(200);
    expect((await named("http://other.example/healthz")).status).toBe(403);
    await bench.close();
    const all = await open(openGuard, ["*"]);
    expect((await all("http://other.example/healthz")).status).toBe(200);
  });
});

describe("pages of other sites", () => {
  const create = (origin: string): RequestInit => ({ method: "POST", body: '{"instance_id":"q"}', headers: { origin } });

  test.each(["http://evil.example", "https://localhost.evil.example", "null", "file://", "garbage"])(
    "cannot use the API from %s",
    async (origin) => {
      const send = await open();
      const response = await send(`${LIST}/Quick/instances`, create(origin));
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ success: false, errors: [{ code: 10915 }] });
      expect(await bench.store.find("Quick", "q")).toBeUndefined();
    },
  );

  test.each(["http://localhost:3000", "http://127.0.0.1:8787", "http://script.localhost:8787"])(
    "but %s is at home",
    async (origin) => {
      expect((await (await open())(`${LIST}/Quick/instances`, create(origin))).status).toBe(200);
    },
  );

  test("a Worker decides for itself whom it answers", async () => {
    expect((await (await open())("/workers/script/", { headers: { origin: "http://evil.example" } })).status).toBe(201);
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
    const send = await open(REFUSED);
    for (const method of ["GET", "POST", "DELETE", "HEAD"]) {
      expect([method, (await send(path, { method })).status]).toEqual([method, 401]);
    }
    const { headers, ...response } = await read(await send(path));
    expect(response).toMatchObject({ success: false, errors: [{ code: 10000, message: "Authentication error" }], result: null });
    expect(headers.get("x-frame-options")).toBe("DENY");
  });

  test("nothing is reached by writing a path in another way", async () => {
    const send = await open(REFUSED);
    for (const path of [
      "/%63lient/v4/accounts/local/workflows",
      "/client%2Fv4/accounts/local/workflows",
      "/Client/v4/accounts",
      "/x/../client/v4/accounts",
    ]) {
      expect([401, 404]).toContain((await send(path)).status);
    }
  });

  test("the right one opens everything, and a wrong one is told from none", async () => {
    const send = await open(REFUSED);
    const headers = { authorization: "Bearer good" };
    const verify = "/client/v4/user/tokens/verify";
    expect(await read(await send(verify, { headers }))).toMatchObject({ success: true, result: { status: "active" } });
    expect(await read(await send(LIST, { headers }))).toMatchObject({ success: true });
    expect(await read(await send("/cdn-cgi/local/explorer/api/workflows", { headers }))).toMatchObject({ success: true });
    const wrong = await read(await send(verify, { headers: { authorization: "Bearer bad" } }));
    expect(wrong).toMatchObject({ status: 403, success: false, errors: [{ code: 9109, message: "Invalid access token" }] });
  });

  test("the server still says that it lives, and shows its start page", async () => {
    const send = await open(REFUSED);
    expect(await (await send("/healthz")).json()).toEqual({ status: "ok" });
    const page = await send("/");
    expect(page.headers.get("content-type")).toMatch(/^text\/html/);
    expect(await page.text()).toContain("stepwell is running");
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

describe("a body that is too large", () => {
  const TOO_LARGE = 110 * 1024 * 1024 + 1;

  test("is refused by its announced length, before it is read", async () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error("It was read")) });
    const headers = { "content-length": String(TOO_LARGE) };
    const send = await open();
    const response = await read(await send(`${LIST}/Quick/instances`, { method: "POST", body, headers, duplex: "half" }));
    expect(response).toMatchObject({ status: 413, success: false, errors: [{ code: 10905 }], result: null });
  });

  test("is refused as it comes when no length was announced", async () => {
    const chunk = new Uint8Array(8 * 1024 * 1024).fill(0x20);
    let sent = 0;
    const body = new ReadableStream({
      pull: (controller) => {
        sent += chunk.length;
        controller.enqueue(chunk);
      },
    });
    const send = await open();
    const response = await read(await send(`${LIST}/Quick/instances`, { method: "POST", body, duplex: "half" }));
    expect(response).toMatchObject({ status: 413, errors: [{ code: 10905 }] });
    expect(sent).toBeLessThan(TOO_LARGE + 4 * chunk.length);
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
