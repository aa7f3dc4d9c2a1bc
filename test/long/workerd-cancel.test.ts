/**
 * Stopping a run stops what its code does, whatever that is. Rests on how workerd treats contexts, which no document
 * promises: these tests are to be run on each new version of it.
 */
import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage } from "node:http";
import { createServer as createTcpServer, type AddressInfo, type Server } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { WebSocketServer } from "ws";
import { decode, encode } from "../../src/model/values/value.ts";
import type { Executor, Host } from "../../src/ports/executor.ts";
import { Driver } from "../contracts/executor/driver.ts";
import { contractVersion } from "../contracts/executor/script.ts";
import { allConstructed, heated } from "../support/hot-isolates.ts";
import { workerdExecutor } from "../../src/executors/workerd/executor.ts";

/** How the code of the isolates is changed before it is loaded. */
const planted = vi.hoisted(() => ({ breach: (text: string): string => text }));

vi.mock("../../src/executors/workerd/process/config.ts", async (original) => {
  const real = await original<typeof import("../../src/executors/workerd/process/config.ts")>();
  const processConfig: typeof real.processConfig = (config) => heated(real.processConfig(config));
  return { ...real, processConfig };
});

vi.mock("../../src/executors/workerd/script/modules.ts", async (original) => {
  const real = await original<typeof import("../../src/executors/workerd/script/modules.ts")>();
  const ownModules: typeof real.ownModules = async () => {
    const { runtime, loader } = await real.ownModules();
    return { runtime: planted.breach(runtime), loader };
  };
  return { ...real, ownModules };
});

/** Each does something again and again that is noticed outside. */
const PROBES = {
  "a loop of requests in a step": `await step.do("a", async () => { for (;;) { await tick(); await pause(); } });`,
  "a loop of requests outside steps": `for (;;) { await tick(); await pause(); }`,
  "an interval": `setInterval(tick, 5); await never();`,
  "a loop left to waitUntil": `this.ctx.waitUntil((async () => { for (;;) { await tick(); await pause(); } })()); await never();`,
  "a loop left to the imported waitUntil": `waitUntil((async () => { for (;;) { await tick(); await pause(); } })()); await never();`,
  "a loop that is not awaited": `(async () => { for (;;) { await tick(); await pause(); } })(); await never();`,
  "a loop that catches everything": `for (;;) { try { await tick(); await pause(); } catch {} }`,
  "a step that has timed out": `
    const late = { timeout: 5, retries: { limit: 0, delay: 0 } };
    await step.do("late", late, async () => { for (;;) { await tick(); await pause(); } }).catch(() => {});
    await never();`,
  "calls of a binding": `for (;;) await this.env.FLOW.get(probe);`,
  "a socket that answers": `
    const { webSocket } = await fetch(urls.http + "socket", { headers: { upgrade: "websocket", probe } });
    webSocket.accept();
    webSocket.addEventListener("message", () => webSocket.send(probe));
    await never();`,
  "an upload": `
    const body = new ReadableStream({ async pull(controller) { await pause(); controller.enqueue(new Uint8Array(1)); } });
    await fetch(urls.http, { method: "POST", headers: { probe }, body });`,
  "TCP connections": `
    for (;;) {
      const socket = connect({ hostname: "127.0.0.1", port: urls.tcp });
      const writer = socket.writable.getWriter();
      await writer.write(new TextEncoder().encode(probe));
      await writer.close();
      await pause();
    }`,
  "Node's modules": `
    for (;;) {
      await new Promise((resolve) => get(urls.http, { headers: { probe } }, (response) => response.resume().on("end", resolve)));
      await delay(5);
    }`,
} as const;

const CODE = `
import { WorkflowEntrypoint, waitUntil } from "cloudflare:workers";
import { connect } from "cloudflare:sockets";
import { get } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
const never = () => new Promise((resolve) => setTimeout(resolve, 3_600_000));
${Object.values(PROBES)
  .map(
    (body, n) => `export class Probe${n} extends WorkflowEntrypoint {
  async run({ payload: urls }, step) {
    const probe = "${n}";
    const tick = async () => void (await (await fetch(urls.http, { headers: { probe } })).text());
    ${body}
  }
}`,
  )
  .join("\n")}
/** What runs is hot after some hundred of these. */
export class Warm extends WorkflowEntrypoint {
  async run(event, step) {
    for (let i = 0; i < 20; i += 1) await step.do("step", async () => i);
  }
}
/** Takes longer than many a round of any probe. */
export class Witness extends WorkflowEntrypoint {
  async run({ payload: urls }) {
    for (let i = 0; i < 20; i += 1) {
      await (await fetch(urls.http, { headers: { probe: "witness" } })).text();
      await pause();
    }
  }
}
/** Ends at once, and leaves a loop behind. */
export class Leaver extends WorkflowEntrypoint {
  async run({ payload: urls }) {
    const tick = () => fetch(urls.http, { headers: { probe: "leaver" } });
    await tick();
    (async () => { for (;;) { await tick(); await pause(); } })();
    await pause();
  }
}
`;

const ticks = new Map<string, number>();
const waiting: (() => void)[] = [];
let connections = 0;

function ticked(probe: unknown): void {
  ticks.set(String(probe), (ticks.get(String(probe)) ?? 0) + 1);
  for (const look of waiting) look();
}

const ticksOf = (probe: string): number => ticks.get(probe) ?? 0;

/** Resolves when a probe has been noticed so often again. */
function ticksAgain(probe: string, times: number): Promise<void> {
  const wanted = ticksOf(probe) + times;
  return new Promise((resolve) => waiting.push(() => void (ticksOf(probe) >= wanted && resolve())));
}

const http = createHttpServer((request: IncomingMessage, response) => {
  if (request.method === "POST") request.on("data", () => ticked(request.headers["probe"]));
  else {
    ticked(request.headers["probe"]);
    response.end("ok");
  }
});
const sockets = new WebSocketServer({ server: http });
sockets.on("connection", (socket) => {
  connections += 1;
  socket.on("message", (data: Buffer) => {
    ticked(data.toString());
    socket.send("again");
  });
  socket.on("close", () => (connections -= 1));
  socket.on("error", () => {});
  socket.send("begin");
});
const tcp = createTcpServer((socket) => {
  socket.on("data", (data: Buffer) => ticked(data.toString()));
  socket.on("error", () => {});
});

const portOf = (server: Pick<Server, "address">): number => (server.address() as AddressInfo).port;

let executor: Executor;

beforeAll(async () => {
  http.listen(0, "127.0.0.1");
  tcp.listen(0, "127.0.0.1");
  await Promise.all([once(http, "listening"), once(tcp, "listening")]);
  executor = workerdExecutor({ network: ["private"], onLog: () => {} });
});

afterAll(async () => {
  await executor.close();
  sockets.close();
  http.closeAllConnections();
  http.close();
  tcp.close();
});

async function open(): Promise<{ host: Host; driver: Driver; params: string }> {
  const bindings = (call: { readonly args: string }): Promise<string> => {
    ticked((decode(call.args) as unknown[])[0]);
    return Promise.resolve(encode("it"));
  };
  const host = await executor.open(contractVersion(CODE), bindings);
  const params = encode({ http: `http://127.0.0.1:${portOf(http)}/`, tcp: portOf(tcp) });
  const driver = new Driver(host);
  for (let i = 0; i < 200; i += 50) await Promise.all(Array.from({ length: 50 }, () => driver.start("Warm").last()));
  return { host, driver, params };
}

const NAMES = Object.keys(PROBES);

/** How often each probe is noticed while a witness runs, once another has. */
async function ticksBeside(driver: Driver, params: string): Promise<Record<string, number>> {
  // What was on its way may still arrive.
  await driver.start("Witness", { params }).last();
  const before = new Map(ticks);
  await driver.start("Witness", { params }).last();
  return Object.fromEntries(NAMES.map((name, n) => [name, ticksOf(String(n)) - (before.get(String(n)) ?? 0)]));
}

const NOTHING = Object.fromEntries(NAMES.map((name) => [name, 0]));

afterEach(() => {
  planted.breach = (text) => text;
});

async function endsWhenStopped(): Promise<void> {
  const { host, driver, params } = await open();
  const runs = NAMES.map((_, n) => driver.start(`Probe${n}`, { params }));
  await Promise.all(NAMES.map((_, n) => ticksAgain(String(n), 3)));
  expect(connections).toBe(1);
  for (const run of runs) run.tell({ type: "stop" });
  expect(await ticksBeside(driver, params)).toEqual(NOTHING);
  expect(connections).toBe(0);
  expect(runs.flatMap(({ losses }) => losses)).toEqual([]);
  await host.close();
}

describe("all that a run does, its code being hot,", () => {
  test("ends when it is stopped", endsWhenStopped);

  test("does not end so when our promises are made by the constructor", async () => {
    planted.breach = allConstructed;
    await expect(endsWhenStopped()).rejects.toThrow();
  });

  test("ends when its host is closed", async () => {
    const { host, driver, params } = await open();
    for (const n of NAMES.keys()) driver.start(`Probe${n}`, { params });
    await Promise.all(NAMES.map((_, n) => ticksAgain(String(n), 3)));
    await host.close();
    const other = await open();
    expect(await ticksBeside(other.driver, params)).toEqual(NOTHING);
    await other.host.close();
  });

  test("ends with it, but for what is left to waitUntil", async () => {
    const { host, driver, params } = await open();
    await driver.start("Leaver", { params }).last();
    await driver.start("Witness", { params }).last();
    const before = ticksOf("leaver");
    expect(before).toBeGreaterThan(0);
    await driver.start("Witness", { params }).last();
    expect(ticksOf("leaver")).toBe(before);
    await host.close();
  });

  test("goes on beside a run that is stopped", async () => {
    const { host, driver, params } = await open();
    const [first, second] = [driver.start("Probe0", { params }), driver.start("Probe0", { params })];
    await ticksAgain("0", 3);
    first.tell({ type: "stop" });
    await driver.start("Witness", { params }).last();
    await ticksAgain("0", 3);
    second.tell({ type: "stop" });
    await host.close();
  });
});
