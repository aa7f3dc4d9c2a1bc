/** What keeps a run in memory that was asked to leave it: only workerd knows what its code has set going. */
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encode } from "../../../model/values/value.ts";
import type { Executor, Host } from "../../../ports/executor.ts";
import { Driver, type DrivenRun } from "../../../../test/contracts/executor/driver.ts";
import { contractVersion } from "../../../../test/contracts/executor/script.ts";
import { workerdExecutor } from "../executor.ts";

const CODE = `
import { WorkflowEntrypoint, waitUntil } from "cloudflare:workers";
export class Leaver extends WorkflowEntrypoint {
  async run({ payload: { leaves, url } }, step) {
    const call = async (path) => (await fetch(url + path)).text();
    if (leaves === "waitUntil") this.ctx.waitUntil(call("held"));
    if (leaves === "module waitUntil") waitUntil(call("held"));
    if (leaves === "request") void call("held");
    if (leaves === "timer") setTimeout(() => void call("held"), 1);
    if (leaves === "interval") { const timer = setInterval(async () => { clearInterval(timer); await call("held"); }, 1); }
    if (leaves === "body") void fetch(url + "body").then((response) => response.text());
    if (leaves === "attempt") await step.do("quick", { timeout: "1 hour" }, async () => 1);
    if (leaves === "what never ends") this.ctx.waitUntil(new Promise(() => {}));
    await step.sleep("nap", "1 hour");
    return "awake";
  }
}`;

/** Requests that have come and are not answered. */
let held: (() => void)[] = [];
let came: PromiseWithResolvers<void> = Promise.withResolvers();
const server = createServer((request, response) => {
  if (request.url === "/body") response.write("a part");
  held.push(() => response.end());
  came.resolve();
});
let url: string;
let executor: Executor;
let host: Host;

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  executor = workerdExecutor({ onLog: () => {}, network: ["local"] });
  host = await executor.open(contractVersion(CODE), () => Promise.reject(new Error("No bindings")));
});
afterAll(async () => {
  await executor.close();
  server.closeAllConnections();
  server.close();
});

async function waiting(leaves: string): Promise<DrivenRun> {
  held = [];
  came = Promise.withResolvers();
  const run = new Driver(host).start("Leaver", { params: encode({ leaves, url }) });
  await run.until(() => run.idles === 1);
  return run;
}

const awake = { type: "outcome", outcome: { key: { kind: "sleep", name: "nap", count: 1 }, state: "slept" } } as const;

test.each(["nothing", "an attempt", "what never ends"])("%s does not", async (leaves) => {
  const run = await waiting(leaves === "an attempt" ? "attempt" : leaves);
  run.tell({ type: "park" });
  await run.until(() => run.isParked);
});

test.each(["waitUntil", "module waitUntil", "request", "timer", "interval", "body"])(
  "%s does, as long as it lasts",
  async (leaves) => {
    const run = await waiting(leaves);
    run.tell({ type: "park" });
    await came.promise;
    expect(run.isParked).toBe(false);
    for (const answer of held) answer();
    await run.until(() => run.isParked);
  },
);

test("an outcome does, also when it was asked to leave and is held by what it has left", async () => {
  const run = await waiting("waitUntil");
  run.tell({ type: "park" });
  await came.promise;
  run.tell(awake);
  expect(await run.last()).toMatchObject({ output: encode("awake") });
  for (const answer of held) answer();
});
