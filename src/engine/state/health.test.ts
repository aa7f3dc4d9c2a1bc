/** What the engine does while nothing can be stored, when it can again, and when it never will. */
import { afterEach, expect, test } from "vitest";
import { inProcessExecutor } from "../../executors/in-process/executor.ts";
import { LIMITS } from "../../model/limits.ts";
import { encode } from "../../model/values/value.ts";
import type { Log } from "../../ports/log.ts";
import type { Store } from "../../ports/store.ts";
import { StoreError } from "../../model/failures/store-error.ts";
import type { Batch } from "../../ports/instances/commit.ts";
import type { WorkflowStep } from "../../runtime/cloudflare/workers.ts";
import { openMemoryStore } from "../../stores/memory/open.ts";
import { deployClasses } from "../../testing/engine-bench.ts";
import { fakeClock, type FakeClock } from "../../testing/fake-clock.ts";
import type { Engine } from "../contract.ts";
import { HostCalls } from "../../workers/hosts/calls.ts";
import type { ScriptCalls } from "../../ports/script-calls.ts";
import { Hosts } from "../../workers/hosts/hosts.ts";
import { openEngine, type EngineHosts } from "../open.ts";

let calls = 0;
let release: (() => void)[] = [];

class Steps {
  async run(_: unknown, step: WorkflowStep): Promise<string> {
    await step.do("first", () => (calls += 1));
    await step.do("gate", () => new Promise<number>((resolve) => release.push(() => resolve(1))));
    await step.sleep("nap", "1 minute");
    await step.waitForEvent("answer", { type: "answer", timeout: "1 day" });
    return "done";
  }
}

interface Setup {
  readonly engine: Engine;
  readonly scripts: ScriptCalls;
  readonly store: Store;
  readonly clock: FakeClock;
  readonly lines: string[];
  /** Commits that were tried. */
  commits: number;
  /** What commits fail with; undefined when they work. */
  fault: StoreError | undefined;
  /** Which commits fail with that. */
  isRefused: (batch: Batch) => boolean;
  /** How long it takes until the store says which instances are to be started. */
  found: Promise<void>;
}

let setup: Setup;
afterEach(() => setup.engine.close());

async function open(): Promise<Setup> {
  calls = 0;
  release = [];
  const { store, catalog } = openMemoryStore();
  await deployClasses(catalog, ["Steps"]);
  const clock = fakeClock();
  const lines: string[] = [];
  const say = (message: string): void => void lines.push(message);
  const log: Log = { debug: () => {}, info: say, warn: say, error: say };
  const state: Pick<Setup, "commits" | "fault" | "isRefused" | "found"> = {
    commits: 0,
    fault: undefined,
    isRefused: () => true,
    found: Promise.resolve(),
  };
  const commit: Store["commit"] = async (batch, lease) => {
    state.commits += 1;
    if (state.fault !== undefined && state.isRefused(batch)) {
      // Long enough for more to be asked meanwhile.
      for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      throw state.fault;
    }
    return store.commit(batch, lease);
  };
  const ready: Store["ready"] = async (...about) => {
    await state.found;
    return store.ready(...about);
  };
  const instead: Partial<Store> = { commit, ready };
  const failing = new Proxy(store, { get: (of, verb: keyof Store) => instead[verb] ?? of[verb].bind(of) });
  const executor = inProcessExecutor({ classes: { Steps }, now: () => clock.now() });
  const hosts: EngineHosts = new Hosts({ executor, clock });
  const engine = await openEngine({ store: failing, catalog, hosts, clock, log, ids: { uuid: () => crypto.randomUUID() } });
  engine.start();
  const scripts = new HostCalls({ hosts, catalog, clock, log });
  return (setup = Object.assign(state, { engine, scripts, store, clock, lines }));
}

async function quiet(): Promise<void> {
  for (let turn = 0; turn < 60; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets time pass, a tenth of a second after the other. */
async function pass(seconds: number): Promise<void> {
  for (let tenth = 0; tenth < seconds * 10; tenth += 1) {
    setup.clock.advance(100);
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
}

const address = (id: string): { workflow: string; id: string } => ({ workflow: "Steps", id });
const full = (): StoreError => new StoreError("full", "The disk is full");
const create = (...ids: readonly string[]): Promise<unknown> =>
  setup.engine.create(
    "Steps",
    ids.map((id) => ({ id })),
    "api",
  );
const kindsOfLoss = async (id: string): Promise<unknown[]> => {
  const kinds: unknown[] = [];
  for await (const events of setup.engine.history(address(id)))
    for (const event of events) if (event.type === "workflow_recovered") kinds.push(event.lost);
  return kinds;
};
const status = async (id: string): Promise<string> => (await setup.engine.summary(address(id))).status;
const completeAll = async (ids: readonly string[]): Promise<void> => {
  for (let round = 0; round < 4; round += 1) {
    for (const go of release.splice(0)) go();
    await pass(31);
  }
  for (const id of ids) await setup.engine.sendEvent(address(id), "answer", encode(1));
  await pass(2);
  for (const id of ids) expect([id, await status(id)]).toEqual([id, "complete"]);
};

test("commits that fail are tried now and again, and the log has a line when it begins, one each half minute, and one at the end", async () => {
  await open();
  const ids = Array.from({ length: 20 }, (_, i) => `i-${i}`);
  await create(...ids);
  await quiet();
  setup.fault = full();
  const before = setup.commits;
  await Promise.allSettled(ids.map((id) => setup.engine.pause(address(id))));
  await pass(100);
  // 100 ms, twice as long each time, and one second in the end.
  expect(setup.commits - before).toBeLessThanOrEqual(106);
  expect(setup.commits - before).toBeGreaterThanOrEqual(90);
  expect(setup.lines).toHaveLength(4);
  expect(new Set(setup.lines).size).toBe(1);
  setup.fault = undefined;
  await pass(5);
  expect(setup.lines.at(-1)).toBe("Commits succeed again");
  expect(setup.lines).toHaveLength(5);
  await completeAll(ids);
  expect(setup.lines).toHaveLength(5);
});

test("meanwhile changes are refused at once with the cause, and reads are answered", async () => {
  await open();
  await create("a");
  await quiet();
  setup.fault = full();
  await expect(setup.engine.pause(address("a"))).rejects.toMatchObject({ failure: "store.full" });
  const refused = { failure: "store.full", retryAfterMs: expect.any(Number) as number };
  const { commits } = setup;
  await expect(create("b")).rejects.toMatchObject(refused);
  await expect(setup.engine.terminate(address("a"))).rejects.toMatchObject(refused);
  await expect(setup.engine.restart(address("a"))).rejects.toMatchObject(refused);
  await expect(setup.engine.sendEvent(address("a"), "answer", "1")).rejects.toMatchObject(refused);
  await expect(setup.engine.remove("Steps", ["a"])).rejects.toMatchObject(refused);
  expect(setup.commits).toBe(commits);
  expect(setup.engine.trouble()).toMatchObject(refused);
  expect(await status("a")).toBe("running");
  setup.fault = undefined;
  await pass(1);
  expect(setup.engine.trouble()).toBeUndefined();
  await create("b");
  await completeAll(["a", "b"]);
});

test("what is asked while the first commit fails is refused as well, and has changed nothing", async () => {
  await open();
  await create("a", "b");
  await quiet();
  setup.fault = full();
  const { commits } = setup;
  const first = setup.engine.pause(address("a"));
  while (setup.commits === commits) await new Promise((resolve) => setImmediate(resolve));
  const second = [setup.engine.pause(address("b")), create("c"), setup.engine.remove("Steps", ["b"])];
  for (const each of [first, ...second]) await expect(each).rejects.toMatchObject({ failure: "store.full" });
  setup.fault = undefined;
  await pass(5);
  expect(await setup.store.find("Steps", "c")).toBeUndefined();
  await completeAll(["a", "b"]);
});

test("what runs and was not in the commit that failed goes on where it was", async () => {
  await open();
  await create("a", "b");
  await quiet();
  expect(calls).toBe(2);
  setup.fault = full();
  await setup.engine.pause(address("a")).catch(() => undefined);
  // Its step ends while nothing can be stored, and waits with that for as long as it takes.
  release[1]?.();
  await pass(60);
  expect(calls).toBe(2);
  setup.fault = undefined;
  await pass(5);
  expect(await status("b")).toBe("waiting");
  // Of the other instance, only the interrupted attempt is repeated.
  expect(calls).toBe(2);
  await completeAll(["a", "b"]);
});

test("commits that fail any number of times are not held against an instance", async () => {
  await open();
  let left = 4 * LIMITS.recoveries;
  // Always just before it has started anything.
  setup.isRefused = ({ appends }) => appends.some(({ row }) => row.events.includes("attempt_started")) && (left -= 1) >= 0;
  setup.fault = full();
  await create("a");
  await pass(200);
  expect(left).toBeLessThan(0);
  await completeAll(["a"]);
});

test("an instance that a failed commit has left without a run goes on where it was, though an event finds it before the scheduler does", async () => {
  await open();
  await create("a");
  await quiet();
  const found = Promise.withResolvers<void>();
  setup.found = found.promise;
  setup.fault = full();
  await setup.engine.pause(address("a")).catch(() => undefined);
  setup.fault = undefined;
  await pass(1);
  await setup.engine.sendEvent(address("a"), "answer", encode(1));
  await pass(1);
  found.resolve();
  await pass(1);
  for (const go of release.splice(0)) go();
  await pass(62);
  expect(await status("a")).toBe("complete");
  // The lost attempt is recorded as lost with the server, and no instance is blamed.
  expect(await kindsOfLoss("a")).toEqual(["server"]);
  expect(setup.lines).toEqual([expect.stringContaining("Commits fail"), "Commits succeed again"]);
});

test("closing does not wait for commits to work again", async () => {
  await open();
  await create("a");
  await quiet();
  setup.fault = full();
  await setup.engine.pause(address("a")).catch(() => undefined);
  await setup.engine.close();
  expect(setup.clock.pending).toBeLessThanOrEqual(1);
});

test("an engine whose lease another has taken stops: no code goes on, everything is refused, and it says so", async () => {
  await open();
  await create("a", "b");
  await quiet();
  const following = (async () => {
    for await (const events of setup.engine.follow(address("a"), new AbortController().signal)) void events;
  })();
  await quiet();
  await setup.store.acquire("another");
  await expect(setup.engine.pause(address("a"))).rejects.toMatchObject({ failure: "store.fenced" });
  await expect(following).rejects.toMatchObject({ failure: "store.fenced" });
  const { commits, lines } = setup;
  expect(await setup.engine.ended).toMatchObject({ failure: "store.fenced" });
  for (const go of release.splice(0)) go();
  const refused = { failure: "store.fenced" };
  for (const each of [
    create("c"),
    setup.engine.terminate(address("a")),
    setup.engine.summary(address("a")),
    setup.scripts.fetch("script", new Request("http://x/")),
    setup.engine.startBulkAction("pause", { workflow: "Steps" }),
  ])
    await expect(each).rejects.toMatchObject(refused);
  await pass(30);
  expect([calls, setup.commits, lines.length]).toEqual([2, commits, 1]);
  expect(setup.engine.trouble()).toMatchObject(refused);
});

test("an engine whose database is gone notices, though nothing is asked of it", async () => {
  await open();
  await create("a");
  await quiet();
  Object.assign(setup.store, { verify: () => Promise.reject(new StoreError("gone", "x.db is gone")) });
  await pass(3);
  expect(setup.engine.trouble()).toMatchObject({ failure: "store.gone" });
  expect(await setup.engine.ended).toMatchObject({ failure: "store.gone" });
});

test("an action on many instances waits while nothing can be stored, and misses none", async () => {
  await open();
  const ids = Array.from({ length: 150 }, (_, i) => `i-${i}`);
  await create(...ids.slice(0, 75));
  await create(...ids.slice(75));
  await quiet();
  const { id } = await setup.engine.startBulkAction("terminate", { workflow: "Steps" });
  setup.fault = full();
  await pass(20);
  expect(setup.engine.action("Steps", id)).toMatchObject({ state: "running" });
  setup.fault = undefined;
  await pass(10);
  expect(setup.engine.action("Steps", id)).toMatchObject({ state: "done" });
  expect(await setup.store.statusCounts("Steps")).toEqual({ terminated: 150 });
});

test("a failure now and then is tried again soon, however many there have been, and the log has no line for each", async () => {
  await open();
  await create("a");
  await quiet();
  for (let round = 0; round < 12; round += 1) {
    setup.fault = full();
    await expect(create(`lost-${round}`)).rejects.toMatchObject({ failure: "store.full" });
    setup.fault = undefined;
    await pass(0.2);
    expect(setup.engine.trouble()).toBeUndefined();
    for (const n of [1, 2, 3]) await create(`kept-${round}-${n}`);
  }
  expect(setup.lines).toEqual([expect.stringMatching(/^Commits fail/), "Commits succeed again"]);
});
