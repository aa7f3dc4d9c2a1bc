/** Reads of long journals: others get their turns, little is held, and nothing is read that is not needed. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, expect, test } from "vitest";
import { inProcessExecutor } from "../../executors/in-process/executor.ts";
import { logOf, logView } from "../../model/views/log.ts";
import { LIMITS } from "../../model/limits.ts";
import type { Store } from "../../ports/store.ts";
import { openBench, type Bench } from "../../testing/engine-bench.ts";
import type { WorkflowStep } from "../../runtime/cloudflare/workers.ts";
import { Reads } from "./reads.ts";

const STEPS = 20;
const OUTPUT = 300_000;
const BIG = { workflow: "Big", id: "b" };
const WIDE = { workflow: "Wide", id: "w" };

class Big {
  async run(_: unknown, step: WorkflowStep): Promise<void> {
    for (let i = 0; i < STEPS; i += 1) await step.do(`step ${i}`, () => `${i}`.padEnd(OUTPUT, "x"));
    await step.sleep("nap", 1_000_000);
  }
}

/** Its steps end together: their outputs are in one row of the journal. */
class Wide {
  async run(_: unknown, step: WorkflowStep): Promise<void> {
    await Promise.all(Array.from({ length: STEPS }, (_, i) => step.do(`step ${i}`, () => `${i}`.padEnd(OUTPUT, "x"))));
  }
}

class Small {
  async run(_: unknown, step: WorkflowStep): Promise<void> {
    await step.do("only", () => 1);
  }
}

let bench: Bench;
afterEach(() => bench.close());

/** What is asked of the store at once. */
let largest = 0;

async function open(): Promise<void> {
  const over = (store: Store): Store =>
    new Proxy(store, {
      get: (target, name: keyof Store) => {
        const method = target[name] as (...args: unknown[]) => Promise<unknown>;
        if (name !== "load" && name !== "rows") return method.bind(target);
        return async (...args: unknown[]) => {
          const rows = (await method.apply(target, args)) as { events: string }[];
          largest = Math.max(
            largest,
            rows.reduce((sum, { events }) => sum + events.length, 0),
          );
          return rows;
        };
      },
    });
  bench = await openBench(
    (clock) => inProcessExecutor({ classes: { Big, Wide, Small }, now: () => clock.now() }),
    ["Big", "Wide", "Small"],
    {},
    over,
  );
}

/** How many turns of the event loop others have while something is done. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let done = false;
  const tick = (): void => void (done || ((turns += 1), setImmediate(tick)));
  tick();
  await work();
  done = true;
  return turns;
}

async function read(address: typeof BIG): Promise<{ events: number; largest: number }> {
  let events = 0;
  let most = 0;
  for await (const part of bench.engine.history(address)) {
    events += part.length;
    most = Math.max(most, JSON.stringify(part).length);
  }
  return { events, largest: most };
}

test.each([
  ["in many rows", BIG, 1 + 2 + 4 * STEPS + 2],
  ["in one row", WIDE, 1 + 2 + 4 * STEPS + 1],
])("large outputs %s are read one a turn, also by several at once", async (_, address, events) => {
  await open();
  await bench.engine.create(address.workflow, [{ id: address.id }], "api");
  await bench.reaches(address, address === BIG ? "waiting" : "complete");
  const turns = await turnsDuring(async () => {
    expect(await read(address)).toEqual({ events, largest: expect.toSatisfy((size: number) => size < 3 * OUTPUT) as number });
  });
  expect(turns).toBeGreaterThanOrEqual(STEPS / 2);
  const many = await turnsDuring(() => Promise.all(Array.from({ length: 4 }, () => read(address))));
  expect(many).toBeGreaterThanOrEqual((4 * STEPS) / 2);
});

test("what a small instance is asked does not wait for a turn", async () => {
  await open();
  await bench.engine.create("Small", [{ id: "s" }], "api");
  await bench.reaches({ workflow: "Small", id: "s" }, "complete");
  expect(await turnsDuring(() => read({ workflow: "Small", id: "s" }))).toBeLessThanOrEqual(1);
});

test("a replay is given its outcomes without reading more of them than fit", async () => {
  await open();
  await bench.engine.create("Big", [{ id: "b" }], "api");
  await bench.reaches(BIG, "waiting");
  bench.clock.advance(60_000);
  await bench.quiet();
  expect(bench.runs()).toBe(0);
  largest = 0;
  const turns = await turnsDuring(async () => {
    bench.clock.advance(1_000_000);
    await bench.reaches(BIG, "complete");
  });
  expect(largest).toBeLessThan(LIMITS.historyWindowBytes + 2 * OUTPUT);
  expect(turns).toBeGreaterThanOrEqual(STEPS);
});

test("a log holds what it shows of outputs, and not all of them", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const fold = logView(true);
  const at = { timestamp: 0, eventId: 1, count: 1 };
  fold.add({ ...at, type: "workflow_queued", versionId: "v", trigger: "api", params: "{}" });
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 100; i += 1) {
    const name = `step ${i}`;
    fold.add({ ...at, type: "step_started", name });
    fold.add({ ...at, type: "step_completed", name, output: JSON.parse(JSON.stringify(`"${"x".repeat(OUTPUT)}"`)) as string });
  }
  collect();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(100 * OUTPUT * 0.2);
  expect(logOf(fold)?.steps[99]).toMatchObject({ output: expect.stringMatching(/^"x{1023}/) as string });
  bench = { close: () => Promise.resolve() } as Bench;
});

test("only a few journals are read to their end at once, and each that waits gets its place", async () => {
  const soon: (() => void)[] = [];
  const reads = new Reads({ soon: (fire) => void soon.push(fire) });
  const all = Array.from({ length: 20 }, () => reads.begin());
  const entered = new Set<number>();
  const waiting = all.map(async (each, i) => {
    await each.did(10 * 1024 * 1024);
    entered.add(i);
  });
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  await settle();
  expect(entered.size).toBe(8);
  for (const each of all.slice(0, 8)) each.end();
  await settle();
  expect(entered.size).toBe(16);
  for (const each of all.slice(8, 16)) each.end();
  await Promise.all(waiting);
  for (const each of all) each.end();
  const again = reads.begin();
  await again.did(10 * 1024 * 1024);
  again.end();
  bench = { close: () => Promise.resolve() } as Bench;
});
