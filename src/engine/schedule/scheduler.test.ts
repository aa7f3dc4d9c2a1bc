/**
 * Work is found by looking. Nothing here tells the engine of what it is to find: rows are written into the store behind its back,
 * as a commit whose answer was lost would, and hosts do not answer.
 */
import { afterEach, describe, expect, test } from "vitest";
import { inProcessExecutor } from "../../executors/in-process/executor.ts";
import type { EventBody } from "../../model/instance/events.ts";
import type { InstanceStatus } from "../../model/instance/status.ts";
import type { Store } from "../../ports/store.ts";
import { StoreError } from "../../model/failures/store-error.ts";
import type { InstanceSummary } from "../../ports/instances/summary.ts";
import type { Lease } from "../../ports/instances/journal-store.ts";
import type { Executor } from "../../ports/executor.ts";
import type { WorkflowStep } from "../../runtime/cloudflare/workers.ts";
import { openBench, type Bench } from "../../testing/engine-bench.ts";
import type { EngineSettings } from "../state/settings.ts";
import { rowText } from "../journal/row.ts";

class Quick {
  async run(_: unknown, step: WorkflowStep): Promise<string> {
    await step.sleep("nap", 1);
    return step.do("work", () => "done");
  }
}

class Slow {
  async run(_: unknown, step: WorkflowStep): Promise<void> {
    await step.do("for ever", () => new Promise(() => {}));
  }
}

const HOUR_MS = 60 * 60 * 1000;

let bench: Bench;
let lease: Lease;
/** Questions to the store, by verb. */
let asked: Map<string, number>;
/** Called with each verb before it is passed on. */
let meddle: (verb: keyof Store) => void;
/** Hosts that do not open. */
let opening: PromiseWithResolvers<never>[] = [];
afterEach(async () => {
  for (const each of opening.splice(0)) each.reject(new Error("The test is over"));
  await bench.close();
});

type Over = (executor: Executor) => Executor;

async function open(settings: Partial<EngineSettings> = {}, over: Over = (executor) => executor): Promise<void> {
  asked = new Map();
  meddle = () => undefined;
  const noticing = (store: Store): Store =>
    new Proxy(store, {
      get: (of, verb: keyof Store) => {
        const ask = of[verb].bind(of) as (...args: readonly unknown[]) => Promise<unknown>;
        return async (...args: readonly unknown[]) => {
          asked.set(verb, (asked.get(verb) ?? 0) + 1);
          meddle(verb);
          const answer = await ask(...args);
          if (verb === "acquire") lease = answer as Lease;
          return answer;
        };
      },
    });
  bench = await openBench(
    (clock) => over(inProcessExecutor({ classes: { Quick, Slow }, now: () => clock.now() })),
    ["Quick", "Slow"],
    settings,
    noticing,
  );
  await bench.quiet();
}

/** Writes an instance that has come as far as these events tell. */
async function plant(
  id: string,
  status: InstanceStatus,
  events: readonly EventBody[],
  wakeAt: number | null = null,
): Promise<void> {
  const now = bench.clock.now();
  const begun: EventBody = { type: "workflow_queued", versionId: "Quick-v1", trigger: "api", params: "{}" };
  const summary: Omit<InstanceSummary, "pk"> = {
    workflow: "Quick",
    id,
    status,
    versionId: "Quick-v1",
    trigger: "api",
    createdAt: now,
    modifiedAt: now,
    startedAt: status === "queued" ? null : now,
    endedAt: null,
    wakeAt,
    expiresAt: null,
  };
  const row = { seq: 1, firstEventId: 1, events: rowText([now, begun, ...events]) };
  await bench.store.commit({ creates: [{ summary, row }], chunks: [], appends: [], removes: [] }, lease);
}

const STARTED: readonly EventBody[] = [{ type: "workflow_started" }, { type: "workflow_running" }];

const sleeping = (wakeAt: number): readonly EventBody[] => [
  ...STARTED,
  { type: "sleep_started", name: "nap", count: 1, durationMs: 1, wakeAt },
  { type: "workflow_waiting" },
];

const summary = async (id: string): Promise<InstanceStatus> => (await bench.engine.summary({ workflow: "Quick", id })).status;

async function pass(ms: number): Promise<void> {
  bench.clock.advance(ms);
  await bench.quiet();
}

describe("a change that the engine was not notified of is found within seconds", () => {
  const kinds: Readonly<Record<string, (id: string) => Promise<void>>> = {
    queued: (id) => plant(id, "queued", []),
    due: (id) => plant(id, "waiting", sleeping(bench.clock.now()), bench.clock.now()),
    interrupted: (id) => plant(id, "running", STARTED),
  };

  test.each(Object.keys(kinds))("%s", async (kind) => {
    await open();
    await kinds[kind]?.("lost");
    await pass(2_000);
    for (let turn = 0; turn < 3; turn += 1) await pass(100);
    expect(await summary("lost")).toBe("complete");
  });

  test("though the clock is set back", async () => {
    await open();
    await pass(500);
    bench.clock.setBack(HOUR_MS);
    await plant("lost", "queued", []);
    await pass(1_500);
    for (let turn = 0; turn < 3; turn += 1) await pass(100);
    expect(await summary("lost")).toBe("complete");
  });

  test("interrupted, among a thousand that run: a page of them at each look", async () => {
    await open();
    const ids = Array.from({ length: 1_000 }, (_, i) => ({ id: `s-${i}` }));
    for (let from = 0; from < ids.length; from += 100) await bench.engine.create("Slow", ids.slice(from, from + 100), "api");
    await bench.quiet();
    await plant("lost", "running", STARTED);
    asked.clear();
    for (let look = 0; look < 5; look += 1) await pass(2_000);
    for (let turn = 0; turn < 3; turn += 1) await pass(100);
    expect(await summary("lost")).toBe("complete");
    expect(await bench.store.statusCounts("Slow")).toEqual({ running: 1_000 });
    expect(asked.get("ready")).toBeLessThanOrEqual(25);
  });
});

test("a server with nothing to do asks a few questions at each look, however many sleep", async () => {
  await open({ parkAfterMs: 0 });
  const later = bench.clock.now() + 1e9;
  for (let i = 0; i < 300; i += 1) await plant(`s-${i}`, "waiting", sleeping(later), later);
  await pass(2_000);
  asked.clear();
  for (let look = 0; look < 10; look += 1) await pass(2_000);
  expect(Object.fromEntries(asked)).toEqual({ ready: 30, nextWake: 10, verify: 10 });
});

test("a look that has failed is repeated within seconds, though the clock is set back", async () => {
  await open();
  await plant("lost", "queued", []);
  meddle = (verb) => {
    if (verb === "ready") throw new StoreError("io", "The disk cannot be read");
  };
  await pass(2_000);
  meddle = () => undefined;
  bench.clock.setBack(HOUR_MS);
  for (let second = 0; second < 5; second += 1) await pass(1_000);
  expect(await summary("lost")).toBe("complete");
});

test("a look that fails is repeated, ever less often, and finds what there was", async () => {
  await open();
  await plant("lost", "queued", []);
  meddle = (verb) => {
    if (verb === "ready") throw new StoreError("io", "The disk cannot be read");
  };
  asked.clear();
  for (let second = 0; second < 20; second += 1) await pass(1_000);
  expect(asked.get("ready")).toBeGreaterThanOrEqual(4);
  expect(asked.get("ready")).toBeLessThanOrEqual(8);
  meddle = () => undefined;
  for (let second = 0; second < 6; second += 1) await pass(1_000);
  expect(await summary("lost")).toBe("complete");
});

describe("a host that does not open", () => {
  const stuck: Over = (executor) => ({
    ...executor,
    close: () => executor.close(),
    open: (version, bindings) => {
      if (version.id !== "s1") return executor.open(version, bindings);
      const never = Promise.withResolvers<never>();
      opening.push(never);
      return never.promise;
    },
  });

  /** So many wait for the host, and have waited longer than all others. */
  async function openStuck(waiting: number): Promise<void> {
    await open({}, stuck);
    const { catalog } = bench;
    const script = { script: "other", hash: "2", code: "", bindings: [], compatibilityFlags: [], createdAt: 0 };
    await catalog.putScriptVersion({ id: "s2", ...script });
    const workflow = {
      id: "o",
      name: "Other",
      className: "Quick",
      script: "other",
      versionId: "o1",
      createdAt: 0,
      modifiedAt: 0,
    };
    const version = { id: "o1", workflow: "Other", className: "Quick", scriptVersionId: "s2", createdAt: 0, settings: {} };
    await catalog.putWorkflow(workflow, version);
    for (let i = 0; i < waiting; i += 1) await plant(`stuck-${i}`, "queued", []);
  }

  test("keeps no other workflow's instances waiting for long", async () => {
    // More than are read at once.
    await openStuck(300);
    await pass(2_000);
    const [made] = await bench.engine.create("Other", [{ id: "o" }], "api");
    expect(made).toMatchObject({ id: "o" });
    for (let second = 0; second < 8; second += 1) await pass(1_000);
    expect(await bench.engine.summary({ workflow: "Other", id: "o" })).toMatchObject({ status: "complete" });
  });

  test("is not asked after in a loop", async () => {
    await openStuck(2_000);
    for (let second = 0; second < 4; second += 1) await pass(1_000);
    asked.clear();
    for (let second = 0; second < 10; second += 1) await pass(1_000);
    expect(asked.get("ready")).toBeLessThanOrEqual(60);
  });
});
