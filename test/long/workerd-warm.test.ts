/**
 * Code that is hot keeps to its request context (decision 150). Rests on how V8 optimises promises, which no document
 * promises: to be run on each new version of workerd.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { StepKind } from "../../src/model/step/step.ts";
import { decode, encode, type Encoded } from "../../src/model/values/value.ts";
import type { Binding } from "../../src/ports/catalog/bindings.ts";
import type { ScriptVersion } from "../../src/ports/catalog/script-versions.ts";
import type { Executor, Host } from "../../src/ports/executor.ts";
import { Driver, type DrivenRun } from "../contracts/executor/driver.ts";
import { contractVersion } from "../contracts/executor/script.ts";
import { acksConstructed, allConstructed, heated, placesConstructed } from "../support/hot-isolates.ts";
import { workerdExecutor } from "../../src/executors/workerd/executor.ts";
import { ownModules } from "../../src/executors/workerd/script/modules.ts";

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
    return { runtime: planted.breach(runtime), loader: planted.breach(loader) };
  };
  return { ...real, ownModules };
});

/** Ways to wait for something that another context settles: each calls `share` with what settles it there. */
const WAYS = {
  "a promise of withResolvers": `() => { const { promise, resolve } = Promise.withResolvers(); share(resolve); return promise; }`,
  "what follows it": `() => ways[0]().then(() => 1).finally(() => 2)`,
  "an async function": `async () => { await ways[0](); }`,
  "an async function that returns it": `async () => ways[0]()`,
  race: `() => Promise.race([ways[0](), never])`,
  all: `() => Promise.all([ways[0](), 1])`,
  "a promise that is settled with another one": `() => { const { promise, resolve } = Promise.withResolvers(); const other = ways[0](); share(() => resolve(other)); return promise; }`,
  "a thenable": `() => Promise.resolve({ then: (a, b) => ways[0]().then(a, b) })`,
  "a listener of a signal": `() => { const abort = new AbortController(); const { promise, resolve } = Promise.withResolvers();
    abort.signal.addEventListener("abort", () => resolve()); share(() => abort.abort()); return promise; }`,
  "a microtask elsewhere": `() => { const { promise, resolve } = Promise.withResolvers(); share(() => queueMicrotask(resolve)); return promise; }`,
  "a timer elsewhere": `() => { const { promise, resolve } = Promise.withResolvers(); share(() => setTimeout(resolve, 0)); return promise; }`,
  "a stream that waits": `async () => { const stream = new ReadableStream({ pull: async (controller) => { await ways[0](); controller.enqueue(1); } });
    await stream.getReader().read(); }`,
  // The only one that does not keep to its context.
  constructor: `() => { let resolve; const promise = new Promise((done) => { resolve = done; }); share(resolve); return promise; }`,
} as const;

/** Each run says how often it found itself elsewhere: an object that belongs to its context throws there. */
const CODE = `
import { WorkflowEntrypoint } from "cloudflare:workers";
class Watched extends WorkflowEntrypoint {
  async run(event, step) {
    const { 0: here } = new WebSocketPair();
    let strayed = 0;
    for (let i = 0; i < event.payload; i += 1) {
      await this.next(step, i);
      try { here.readyState; } catch { strayed += 1; }
    }
    return strayed;
  }
}
export class Steps extends Watched {
  next(step, i) { return step.do("step", async () => ({ i })); }
}
export class Mixed extends Watched {
  async next(step, i) {
    switch (i % 6) {
      case 0: return step.do("at once", () => i);
      case 1: return step.sleep("sleep", 1);
      case 2: return step.waitForEvent("wait", { type: "go" });
      case 3: return step.do("retried", { retries: { limit: 1, delay: 1 } }, async ({ attempt }) => { if (attempt === 1) throw new Error("again"); });
      case 4: return this.env.FLOW.get("it");
      case 5: return Promise.all([step.do("left", async () => 1), step.do("right", () => scheduler.wait(1))]);
    }
  }
}
const ways = [${Object.values(WAYS).join(",\n")}];
const never = new Promise(() => {});
let shared = [];
let wake;
const share = (settle) => { shared.push(settle); wake?.(); };
/** Settles what others share. */
export class Settler extends WorkflowEntrypoint {
  async run() {
    for (;;) {
      const { promise, resolve } = Promise.withResolvers();
      wake = resolve;
      if (shared.length === 0) await promise;
      for (const settle of shared.splice(0)) settle();
    }
  }
}
export class Waiting extends WorkflowEntrypoint {
  async run({ payload: { way, times } }) {
    const { 0: here } = new WebSocketPair();
    let strayed = 0;
    for (let i = 0; i < times; i += 1) {
      await ways[way]();
      try { here.readyState; } catch { strayed += 1; }
    }
    return strayed;
  }
}
export class Looping extends WorkflowEntrypoint {
  async run(event, step) {
    for (let i = 0; i < 20; i += 1) await step.do("step", async () => ({ i }));
    for (;;) { await this.env.FLOW.get("tick"); await scheduler.wait(1); }
  }
}
export default {
  async fetch(request, env) {
    if (new URL(request.url).pathname !== "/calls") return new Response("hello");
    for (let i = 0; i < 100; i += 1) await (await env.SELF.fetch("http://self/")).text();
    return new Response("called");
  },
};`;

const SELF: Binding = { type: "service", name: "SELF", service: "contract" };

let executor: Executor;
let version: ScriptVersion;
const ticked = { times: 0 };

beforeEach(() => {
  version = contractVersion(CODE);
  version = { ...version, bindings: [...version.bindings, SELF] };
  executor = workerdExecutor({
    onLog: () => {},
    hasSpare: false,
    hangAfterMs: 8_000,
    callees: () => Promise.resolve({ version, objects: {}, bindings: () => answer }),
  });
});
afterEach(async () => {
  planted.breach = (text) => text;
  await executor.close();
});

const answer = (): Promise<Encoded> => {
  ticked.times += 1;
  return Promise.resolve(encode("it"));
};

/** Plays the engine's part for a run: what it waits for comes at once. Resolves with how often it strayed. */
async function strayed(run: DrivenRun): Promise<unknown> {
  for (let seen = 0; ;) {
    await run.until(() => run.events.length > seen || run.losses.length > 0);
    if (run.losses.length > 0) throw new Error(run.losses[0]);
    for (const event of run.events.slice(seen)) {
      seen += 1;
      const key = (kind: StepKind, { name, count }: { name: string; count: number }) => ({ kind, name, count });
      if (event.type === "sleep_started") run.tell({ type: "outcome", outcome: { key: key("sleep", event), state: "slept" } });
      if (event.type === "wait_started") {
        const received = { state: "received", payload: encode(1), eventType: "go", receivedAt: 1 } as const;
        run.tell({ type: "outcome", outcome: { key: key("waitForEvent", event), ...received } });
      }
      if (event.type === "attempt_errored") run.tell({ type: "retry", key: key("do", event) });
      if (event.type === "workflow_errored") throw new Error(event.error.message);
      if (event.type === "workflow_completed") return decode(event.output as Encoded);
    }
  }
}

/** Runs so many, a hundred at a time, and counts those that strayed. */
async function strays(driver: Driver, className: string, runs: number, steps = 20): Promise<number> {
  let count = 0;
  for (let wave = 0; wave < runs; wave += 100) {
    const ends = await Promise.all(
      Array.from({ length: Math.min(100, runs - wave) }, () => strayed(driver.start(className, { params: encode(steps) }))),
    );
    count += ends.filter((strayed) => strayed !== 0).length;
  }
  return count;
}

const open = (): Promise<Host> => executor.open(version, answer);

const ask = async (host: Host, path: string): Promise<string> =>
  (await host.fetch(new Request(`http://contract.test${path}`))).text();

/** Rejects when what is expected of hot code is not so. */
const EXPECTED: Record<string, (host: Host) => Promise<void>> = {
  "it goes on where it was after steps": async (host) => {
    expect(await strays(new Driver(host), "Steps", 200)).toBe(0);
  },

  "it goes on where it was after whatever a run may wait for": async (host) => {
    expect(await strays(new Driver(host), "Mixed", 200, 18)).toBe(0);
  },

  "it ends when its run is stopped": async (host) => {
    const driver = new Driver(host);
    await strays(driver, "Steps", 200);
    const run = driver.start("Looping");
    const before = ticked.times;
    await run.until(() => run.types.filter((type) => type === "step_completed").length === 20);
    while (ticked.times < before + 3) await strays(driver, "Steps", 1, 1);
    run.tell({ type: "stop" });
    await strays(driver, "Steps", 1, 1);
    const after = ticked.times;
    await strays(driver, "Mixed", 100);
    expect(ticked.times - after).toBe(300);
  },

  "it is called by other scripts for as long as they like": async (host) => {
    for (let i = 0; i < 8; i += 1) expect(await ask(host, "/calls")).toBe("called");
  },
};

describe("when code is hot", () => {
  test.each(Object.entries(EXPECTED))("%s", async (_, expected) => {
    await expected(await open());
  });
});

describe("when our promises are made by the constructor, it is not so that", () => {
  test.each(Object.entries(EXPECTED))("%s", async (_, expected) => {
    planted.breach = allConstructed;
    await expect(expected(await open())).rejects.toThrow();
  });
});

test("a run that goes on in another context is lost, and others are not", async () => {
  planted.breach = acksConstructed;
  const host = await open();
  const driver = new Driver(host);
  const lost: string[] = [];
  for (let wave = 0; wave < 20 && lost.length === 0; wave += 1) {
    const runs = Array.from({ length: 100 }, () => driver.start("Steps", { params: encode(20) }));
    const ends = await Promise.allSettled(runs.map(strayed));
    lost.push(...ends.flatMap((end) => (end.status === "rejected" ? [(end.reason as Error).message] : [])));
  }
  expect(new Set(lost)).toEqual(new Set(["Its code went on in another request context"]));
});

test("a run that is woken in another context ends its isolate, and says so", async () => {
  planted.breach = placesConstructed;
  const host = await open();
  await expect(strays(new Driver(host), "Steps", 20_000, 1)).rejects.toThrow("The host ended");
  expect(await host.ended).toMatchObject({ detail: expect.stringContaining("woken in another request context") as string });
});

test("of all ways to wait for another context only the constructor's loses its own", async () => {
  const driver = new Driver(await open());
  driver.start("Settler");
  const astray: string[] = [];
  for (const [way, name] of Object.keys(WAYS).entries()) {
    const params = encode({ way, times: 300 });
    const ends = await Promise.all(Array.from({ length: 10 }, () => strayed(driver.start("Waiting", { params }))));
    if (ends.some((strayed) => strayed !== 0)) astray.push(name);
  }
  expect(astray).toEqual(["constructor"]);
});

test("no library that comes along makes promises by the constructor", async () => {
  const { runtime, loader } = await ownModules();
  expect(runtime + loader).not.toMatch(/\bnew Promise\b|\b__async\b|\b__awaiter\b/);
});
