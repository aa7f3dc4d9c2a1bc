/**
 * How many may run: for all instances together and for each workflow. After every commit the store's own counts are held
 * against the limits, so no more can ever have been running than may.
 */
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { inProcessExecutor } from "../../executors/in-process/executor.ts";
import { encode } from "../../model/values/value.ts";
import type { Store } from "../../ports/store.ts";
import type { WorkflowStep } from "../../runtime/cloudflare/workers.ts";
import { openBench, type Bench } from "../../testing/engine-bench.ts";

const HOUR = 60 * 60_000;

/** What user code waits for until a test lets it go on, by instance. */
const gates: Map<string, () => void> = new Map();
/** Instances in the order in which their work began. */
let began: string[] = [];

async function work(id: string): Promise<void> {
  began.push(id);
  await new Promise<void>((resolve) => gates.set(id, resolve));
}

type Event = { readonly instanceId: string };

class Work {
  async run({ instanceId }: Event, step: WorkflowStep): Promise<void> {
    await step.do("work", () => work(instanceId));
  }
}

class Other extends Work {}

class Nap {
  async run({ instanceId }: Event, step: WorkflowStep): Promise<void> {
    await step.sleep("nap", "1 hour");
    await step.do("work", () => work(instanceId));
  }
}

class Ask {
  async run({ instanceId }: Event, step: WorkflowStep): Promise<unknown> {
    const { payload } = await step.waitForEvent("answer", { type: "answer", timeout: "2 hours" });
    await step.do("work", () => work(instanceId));
    return payload;
  }
}

const classes = { Work, Other, Nap, Ask };
type Name = keyof typeof classes;

let bench: Bench;
let limits: Map<string, number>;
let loaded: Set<number>;
let asked = 0;

afterEach(async () => {
  for (const go of gates.values()) go();
  await bench.close();
});

async function open(before?: Bench, maxRunning = 100): Promise<void> {
  gates.clear();
  began = [];
  limits = new Map();
  loaded = new Set();
  let running = new Map<string, number>();
  const check = async (store: Store): Promise<void> => {
    const now = new Map<string, number>();
    for (const name of Object.keys(classes)) {
      const { running: run = 0, waitingForPause = 0 } = await store.statusCounts(name);
      now.set(name, run + waitingForPause);
      // Running instances go on when a limit is lowered; no others are started.
      expect(run + waitingForPause).toBeLessThanOrEqual(Math.max(limits.get(name) ?? Infinity, running.get(name) ?? 0));
    }
    running = now;
    expect([...now.values()].reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(maxRunning);
  };
  const watched = (store: Store): Store =>
    new Proxy(store, {
      get:
        (of, name: keyof Store) =>
        async (...args: never[]) => {
          if (name === "load") loaded.add(args[0] as never);
          if (name === "ready") asked += 1;
          const answer: unknown = await (of[name] as (...args: never[]) => unknown).apply(of, args);
          if (name === "commit") await check(of);
          return answer;
        },
    });
  bench = await openBench(
    (clock) => inProcessExecutor({ classes, now: () => clock.now() }),
    Object.keys(classes),
    { maxRunning },
    (store) => watched(before?.store ?? store),
    before?.catalog,
  );
}

let versions = 0;
async function limit(workflow: Name, most: number | undefined): Promise<void> {
  const found = await bench.catalog.workflow(workflow);
  const newest = found && (await bench.catalog.workflowVersion(found.versionId));
  if (found === undefined || newest === undefined) throw new Error("It is not there");
  const id = `${workflow}-limit-${(versions += 1)}`;
  const settings = most === undefined ? {} : { concurrency: { limit: most } };
  await bench.catalog.putWorkflow({ ...found, versionId: id }, { ...newest, id, settings });
  limits.set(workflow, most ?? Infinity);
  await bench.quiet();
}

async function create(workflow: Name, ...ids: readonly string[]): Promise<void> {
  await bench.engine.create(
    workflow,
    ids.map((id) => ({ id })),
    "api",
  );
  await bench.quiet();
}

async function finish(...ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    gates.get(id)?.();
    gates.delete(id);
  }
  await bench.quiet();
}

const counts = (workflow: Name): Promise<object> => bench.store.statusCounts(workflow);

describe("a workflow with a limit", () => {
  test("runs that many, the others stay queued and follow in order", async () => {
    await open();
    await limit("Work", 2);
    await create("Work", "a", "b", "c");
    bench.clock.advance(1);
    await create("Work", "d");
    expect(await counts("Work")).toEqual({ running: 2, queued: 2 });
    await finish("b");
    expect([began, await counts("Work")]).toEqual([["a", "b", "c"], { running: 2, queued: 1, complete: 1 }]);
    await finish("a", "c", "d");
    await finish("d");
    expect([began, await counts("Work")]).toEqual([["a", "b", "c", "d"], { complete: 4 }]);
  });

  test("does not hold up other workflows, however many it has queued, and costs neither memory nor queries", async () => {
    await open(undefined, 5);
    await limit("Work", 1);
    const many = Array.from({ length: 30 }, (_, page) => Array.from({ length: 100 }, (_each, i) => `w-${page}-${i}`));
    for (const ids of many) await create("Work", ...ids);
    asked = 0;
    loaded.clear();
    await create("Other", "a", "b", "c", "d", "e", "f");
    expect([await counts("Work"), await counts("Other")]).toEqual([
      { running: 1, queued: 2_999 },
      { running: 4, queued: 2 },
    ]);
    await finish("a", "b", "c", "d");
    expect(await counts("Other")).toEqual({ running: 2, complete: 4 });
    // Only what began was read, in as many questions as there were turns.
    expect(loaded.size).toBeLessThanOrEqual(2);
    expect(asked).toBeLessThan(20);
  });

  test("gives a place that is free to who has slept before it gives it to who is new", async () => {
    await open();
    await limit("Nap", 1);
    await create("Nap", "early");
    await bench.reaches({ workflow: "Nap", id: "early" }, "waiting");
    bench.clock.advance(1);
    await create("Nap", "late");
    await bench.reaches({ workflow: "Nap", id: "late" }, "waiting");
    // Who waits has no place.
    bench.clock.advance(HOUR - 1);
    await bench.quiet();
    expect([began, await counts("Nap")]).toEqual([["early"], { running: 1, waiting: 1 }]);
    await create("Nap", "new");
    bench.clock.advance(HOUR);
    await bench.quiet();
    expect(await counts("Nap")).toEqual({ running: 1, waiting: 1, queued: 1 });
    await finish("early");
    expect([began, await counts("Nap")]).toEqual([["early", "late"], { running: 1, queued: 1, complete: 1 }]);
    await finish("late");
    expect(await counts("Nap")).toEqual({ waiting: 1, complete: 2 });
  });

  test("takes an event without a place, and goes on with it when there is one", async () => {
    await open();
    const address = { workflow: "Ask", id: "a" };
    await create("Ask", "a", "b");
    await limit("Ask", 1);
    for (const id of ["b", "a"]) await bench.engine.sendEvent({ workflow: "Ask", id }, "answer", encode(`for ${id}`));
    await bench.quiet();
    expect([began, await counts("Ask")]).toEqual([["b"], { running: 1, waiting: 1 }]);
    await bench.engine.sendEvent(address, "answer", encode("too late"));
    // It came in time: that its wait would be over by now does not matter.
    bench.clock.advance(3 * HOUR);
    await bench.quiet();
    await finish("b");
    await finish("a");
    expect(await bench.output(address)).toBe("for a");
  });

  test("does not take an event that came after its wait was over", async () => {
    await open();
    await create("Ask", "a", "b");
    await limit("Ask", 1);
    await bench.engine.sendEvent({ workflow: "Ask", id: "b" }, "answer", encode(1));
    bench.clock.advance(2 * HOUR + 1);
    await bench.quiet();
    await bench.engine.sendEvent({ workflow: "Ask", id: "a" }, "answer", encode(1));
    await finish("b");
    await bench.reaches({ workflow: "Ask", id: "a" }, "errored");
    expect(await bench.kinds({ workflow: "Ask", id: "a" })).toContain("wait_timed_out");
  });

  test("may have more or fewer from one deployment to the next", async () => {
    await open();
    await limit("Work", 1);
    await create("Work", "a", "b", "c", "d", "e");
    await limit("Work", 3);
    expect(await counts("Work")).toEqual({ running: 3, queued: 2 });
    await limit("Work", 1);
    await finish("a", "b");
    expect(await counts("Work")).toEqual({ running: 1, queued: 2, complete: 2 });
    await finish("c");
    expect([began.at(-1), await counts("Work")]).toEqual(["d", { running: 1, queued: 1, complete: 3 }]);
    await limit("Work", undefined);
    expect(await counts("Work")).toEqual({ running: 2, complete: 3 });
  });

  test("has the same limit after a restart of the process, which the interrupted come under first", async () => {
    await open();
    await limit("Work", 2);
    await create("Work", "a", "b", "c", "d");
    const before = bench;
    await before.engine.close();
    await open(before);
    limits.set("Work", 2);
    await create("Other", "o");
    expect((await bench.store.find("Other", "o"))?.status).toBe("running");
    // What was cut off is begun again at once, and keeps its place.
    expect([began.toSorted(), await counts("Work")]).toEqual([["a", "b", "o"], { running: 2, queued: 2 }]);
  });

  test("an instance that is restarted keeps its place", async () => {
    await open();
    await limit("Work", 1);
    await create("Work", "a", "b");
    await bench.engine.restart({ workflow: "Work", id: "a" });
    await bench.quiet();
    expect([began, await counts("Work")]).toEqual([["a", "a"], { running: 1, queued: 1 }]);
    await finish("a");
    expect(await counts("Work")).toEqual({ running: 1, complete: 1 });
  });
});

test("when all places are taken, an instance that wakes up waits for one too", async () => {
  await open(undefined, 1);
  await create("Nap", "n");
  await bench.reaches({ workflow: "Nap", id: "n" }, "waiting");
  await create("Work", "w");
  bench.clock.advance(HOUR);
  await create("Other", "o");
  expect([await counts("Nap"), await counts("Other")]).toEqual([{ waiting: 1 }, { queued: 1 }]);
  await finish("w");
  expect([await counts("Nap"), await counts("Other")]).toEqual([{ running: 1 }, { queued: 1 }]);
});

const name = fc.constantFrom<Name>("Work", "Other", "Nap", "Ask");
const which = fc.nat(30);

const act = fc.oneof(
  fc.record({ does: fc.constant("create" as const), name, often: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ does: fc.constantFrom("finish" as const, "terminate", "restart", "pause", "resume", "send"), name, which }),
  fc.record({ does: fc.constant("pass" as const), ms: fc.constantFrom(1, 2_000, HOUR) }),
  fc.record({ does: fc.constant("limit" as const), name, most: fc.integer({ min: 1, max: 3 }) }),
);

type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

test("whatever is done, no limit is ever exceeded and no instance waits for ever", { timeout: 120_000 }, async () => {
  await open();
  await bench.close();
  const property = fc.asyncProperty(
    fc.array(act, { maxLength: 25 }),
    fc.integer({ min: 1, max: 6 }),
    async (acts, maxRunning) => {
      await open(undefined, maxRunning);
      try {
        const ids: string[] = [];
        for (const each of acts) await play(each, ids);
        await ending();
        for (const each of Object.keys(classes) as Name[]) {
          const { complete = 0, errored = 0, terminated = 0, ...unfinished } = (await counts(each)) as Record<string, number>;
          expect([unfinished, complete + errored + terminated]).toEqual([{}, ids.filter((id) => id.startsWith(each)).length]);
        }
      } finally {
        await bench.close();
      }
    },
  );
  await fc.assert(property, { numRuns: 60 });
});

async function play(each: Act, ids: string[]): Promise<void> {
  switch (each.does) {
    case "create": {
      const fresh = Array.from({ length: each.often }, (_, i) => `${each.name}-${ids.length + i}`);
      ids.push(...fresh);
      await bench.engine.create(
        each.name,
        fresh.map((id) => ({ id })),
        "api",
      );
      return;
    }
    case "pass":
      bench.clock.advance(each.ms);
      return;
    case "limit":
      await bench.quiet();
      return limit(each.name, each.most);
    default: {
      const id = ids[each.which];
      if (id === undefined) return;
      await verb(each.does, id);
    }
  }
}

async function verb(does: "finish" | "terminate" | "restart" | "pause" | "resume" | "send", id: string): Promise<void> {
  const address = { workflow: id.split("-")[0] ?? "", id };
  try {
    if (does === "finish") gates.get(id)?.();
    else if (does === "send") await bench.engine.sendEvent(address, "answer", encode(1));
    else await bench.engine[does](address);
  } catch {
    // An ended instance refuses events and verbs.
  }
}

/** Lets all instances end: paused ones are resumed, time passes, and work is finished as soon as it begins. */
async function ending(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) {
    await bench.quiet();
    for (const each of Object.keys(classes) as Name[]) {
      const paused = await bench.store.list({ workflow: each, status: "paused", direction: "asc", limit: 100 });
      for (const address of paused) await bench.engine.resume(address);
      const pausing = await bench.store.list({ workflow: each, status: "waitingForPause", direction: "asc", limit: 100 });
      for (const address of pausing) await bench.engine.resume(address);
    }
    for (const [id, go] of gates) {
      gates.delete(id);
      go();
    }
    bench.clock.advance(HOUR);
    const { queued, running, waiting, paused, waitingForPause } = await bench.store.statusCounts("Work");
    const others = await Promise.all((["Other", "Nap", "Ask"] as const).map((each) => bench.store.statusCounts(each)));
    const left = [{ queued, running, waiting, paused, waitingForPause }, ...others].some(
      (each) => each.queued ?? each.running ?? each.waiting ?? each.paused ?? each.waitingForPause,
    );
    if (!left) return;
  }
}
