/**
 * Connections that workerd has closed, as it does after 15 seconds: what is sent over one is lost. A server whose event loop is busy
 * at that moment, with an upload say, does not know yet.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { workerdExecutor } from "../../src/executors/workerd/executor.ts";
import type { Executor, Host } from "../../src/ports/executor.ts";
import type { ScriptVersion } from "../../src/ports/catalog/script-versions.ts";

const URL_OF_SCRIPT = "http://stale.test/";

/** When workerd closes what is idle. */
const CLOSES_MS = 15_000;

let executor: Executor;
let host: Host;

/** A large upload takes a moment to be written. */
const version = (mark: string, size: number = 0): ScriptVersion => ({
  id: mark,
  script: "stale",
  hash: mark,
  code: `export default { fetch: async (request) => new Response(${JSON.stringify(mark)} + await request.text()) }; /* ${"x".repeat(size)} */`,
  bindings: [],
  compatibilityDate: "2026-11-01",
  compatibilityFlags: [],
  createdAt: 0,
});

const noBindings = (): Promise<string> => Promise.resolve("null");

const ask = async (body: string): Promise<string> =>
  (
    await host.fetch(new Request(URL_OF_SCRIPT, { method: "POST", body, headers: { "content-length": `${body.length}` } }))
  ).text();

/** Leaves the connection alone until `ms` after its last use, and then keeps the event loop busy until workerd has closed it. */
async function idle(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  const until = performance.now() + CLOSES_MS + 200 - ms;
  while (performance.now() < until);
}

beforeAll(async () => {
  executor = workerdExecutor({ hasSpare: false, processes: 1, onLog: () => {} });
  host = await executor.open(version("first"), noBindings);
});
afterAll(() => executor.close());

test.each([3_900, 14_850, 14_950])("after %i ms and a busy moment a script is loaded, and a request answered", async (ms) => {
  expect(await ask("1")).toBe("first1");
  await idle(ms);
  expect(await ask("2")).toBe("first2");
  await idle(ms);
  const loaded = await executor.open(version(`loaded after ${ms}`, 2_000_000), noBindings);
  expect(await (await loaded.fetch(new Request(URL_OF_SCRIPT))).text()).toBe(`loaded after ${ms}`);
});
