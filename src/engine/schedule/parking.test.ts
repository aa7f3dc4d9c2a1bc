/** Who stays in memory and who leaves it, and that nothing is lost whenever a run leaves: at once, late, never, or unasked. */
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { inProcessExecutor } from "../../executors/in-process/executor.ts";
import { encode } from "../../model/values/value.ts";
import type { Executor, Host } from "../../ports/executor.ts";
import type { FromRuntime } from "../../protocol/frames.ts";
import type { WorkflowStep } from "../../runtime/cloudflare/workers.ts";
import type { WorkflowClass } from "../../runtime/run/runtime.ts";
import { openBench, type Bench } from "../../testing/engine-bench.ts";
import type { FakeClock } from "../../testing/fake-clock.ts";
import type { EngineSettings } from "../state/settings.ts";

/** How often the code of each instance has begun. */
let begun: Map<string, number> = new Map();

class Sleeper {
  async run({ instanceId }: { instanceId: string }, step: WorkflowStep): Promise<unknown> {
    begun.set(instanceId, (begun.get(instanceId) ?? 0) + 1);
    let inMemory = 0;
    await step.do("first", () => Promise.resolve((inMemory += 1)));
    await step.sleep("nap", "10 minutes");
    return inMemory;
  }
}

class Counter {
  async run(_: unknown, step: WorkflowStep): Promise<unknown> {
    const taken: unknown[] = [];
    for (let i = 0; i < EVENTS; i += 1) {
      taken.push((await step.waitForEvent("next", { type: "go", timeout: "30 days" })).payload);
      await step.do("note", () => Promise.resolve(i));
      await step.sleep("nap", 50);
    }
    return taken;
  }
}

const EVENTS = 4;
const classes = { Sleeper, Counter } as unknown as Readonly<Record<string, WorkflowClass>>;

/** What becomes of an order to leave, or of a run that was not asked to. */
type Manner = "leaves" | "leaves late" | "never leaves" | "leaves unasked";

/** Hosts in this process whose runs leave in their own manner. `tight` says whether memory is short. */
function leaving(clock: FakeClock, manner: () => Manner, tight: () => boolean = () => false): Executor {
  const executor = inProcessExecutor({ classes, now: () => clock.now() });
  const open = async (...args: Parameters<Executor["open"]>): Promise<Host> => {
    const host = await executor.open(...args);
    let hear: (frames: readonly FromRuntime[]) => void = () => {};
    return {
      ...host,
      get isTight() {
        return tight();
      },
      onFrames: (handler) => {
        hear = handler;
        host.onFrames(handler);
      },
      send: (frames) => {
        for (const frame of frames) {
          const how = frame.type === "park" || frame.type === "outcome" ? manner() : "leaves";
          if (frame.type === "outcome" && how === "leaves unasked") hear([{ type: "parked", run: frame.run }]);
          if (frame.type !== "park" || how === "leaves" || how === "leaves unasked") host.send([frame]);
          else if (how === "leaves late") void turns(7).then(() => host.send([frame]));
        }
      },
    };
  };
  return { name: executor.name, open, close: () => executor.close() };
}

let bench: Bench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

async function open(settings: Partial<EngineSettings>, manner: Manner = "leaves", tight = (): boolean => false): Promise<Bench> {
  begun = new Map();
  return (bench = await openBench((clock) => leaving(clock, () => manner, tight), Object.keys(classes), settings));
}

async function asleep(opened: Bench, ...ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    await opened.engine.create("Sleeper", [{ id }], "api");
    await opened.reaches({ workflow: "Sleeper", id }, "waiting");
  }
}

test("an instance that waits stays in memory for a minute, and goes on with what it has there", async () => {
  const opened = await open({});
  await asleep(opened, "s");
  opened.clock.advance(59_999);
  await opened.quiet();
  expect(opened.runs()).toBe(1);
  opened.clock.advance(1);
  await opened.quiet();
  expect(opened.runs()).toBe(0);
  opened.clock.advance(600_000);
  await opened.reaches({ workflow: "Sleeper", id: "s" }, "complete");
  // Its code has begun again, and the step has not.
  expect([begun.get("s"), await opened.output({ workflow: "Sleeper", id: "s" })]).toEqual([2, 0]);
});

test("one that stays for longer than it waits begins once", async () => {
  const opened = await open({ parkAfterMs: 3_600_000 });
  await asleep(opened, "s");
  opened.clock.advance(600_000);
  await opened.reaches({ workflow: "Sleeper", id: "s" }, "complete");
  expect([begun.get("s"), await opened.output({ workflow: "Sleeper", id: "s" })]).toEqual([1, 1]);
});

test("when there are too many, half of them leave, the longest idle first", async () => {
  const opened = await open({ maxIdle: 4, parkAfterMs: Infinity });
  await asleep(opened, "1", "2", "3", "4");
  await opened.quiet();
  expect(opened.runs()).toBe(4);
  await asleep(opened, "5");
  await opened.quiet();
  expect(opened.runs()).toBe(2);
  opened.clock.advance(600_000);
  for (const id of ["1", "2", "3", "4", "5"]) await opened.reaches({ workflow: "Sleeper", id }, "complete");
  expect([...begun.values()]).toEqual([2, 2, 2, 1, 1]);
});

test("while many are about to leave, the next begin a second later at the most", async () => {
  const opened = await open({ maxIdle: 4, parkAfterMs: Infinity }, "never leaves");
  await asleep(opened, "1", "2", "3", "4", "5");
  await opened.engine.create("Sleeper", [{ id: "6" }], "api");
  await opened.quiet();
  opened.clock.advance(999);
  await opened.quiet();
  expect(opened.runs()).toBe(5);
  opened.clock.advance(1);
  await opened.reaches({ workflow: "Sleeper", id: "6" }, "waiting");
  expect(opened.runs()).toBe(6);
});

test("the next begin as soon as enough have left", async () => {
  const opened = await open({ maxIdle: 4, parkAfterMs: Infinity }, "leaves late");
  await asleep(opened, "1", "2", "3", "4", "5", "6");
  expect(opened.runs()).toBeLessThan(6);
});

test("those that have gone on do not count among them", async () => {
  const opened = await open({ maxIdle: 2, parkAfterMs: Infinity });
  await asleep(opened, "idle");
  await opened.engine.create("Counter", [{ id: "c" }], "api");
  for (let i = 1; i <= EVENTS; i += 1) {
    await opened.engine.sendEvent({ workflow: "Counter", id: "c" }, "go", encode(i));
    await opened.happens({ workflow: "Counter", id: "c" }, "sleep_started", i);
    opened.clock.advance(50);
  }
  await opened.reaches({ workflow: "Counter", id: "c" }, "complete");
  opened.clock.advance(600_000);
  await opened.reaches({ workflow: "Sleeper", id: "idle" }, "complete");
  expect(begun.get("idle")).toBe(1);
});

test("all leave whose host is short of memory", async () => {
  let isTight = false;
  const opened = await open({}, "leaves", () => isTight);
  await asleep(opened, "1", "2");
  opened.clock.advance(5_000);
  await opened.quiet();
  expect(opened.runs()).toBe(2);
  isTight = true;
  opened.clock.advance(5_000);
  await opened.quiet();
  expect(opened.runs()).toBe(0);
});

test("one that is held there by what it has set going is stopped after half a minute", async () => {
  const opened = await open({}, "never leaves");
  await asleep(opened, "s");
  opened.clock.advance(89_999);
  await opened.quiet();
  expect(opened.runs()).toBe(1);
  opened.clock.advance(1);
  await opened.quiet();
  expect(opened.runs()).toBe(0);
  opened.clock.advance(600_000);
  await opened.reaches({ workflow: "Sleeper", id: "s" }, "complete");
});

test("whenever a run leaves, and however, its instance takes each event once, in order, and ends", async () => {
  const manner = fc.constantFrom<Manner>("leaves", "leaves late", "never leaves", "leaves unasked");
  const act = fc.record({ advance: fc.constantFrom(0, 50, 100, 30_000), after: fc.nat(12) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(manner, { minLength: 1, maxLength: 6 }),
      fc.array(act, { maxLength: 12 }),
      async (manners, acts) => {
        let orders = 0;
        const next = (): Manner => {
          orders += 1;
          // A run that leaves unasked each time would get nowhere.
          return orders > 20 ? "leaves" : (manners[orders % manners.length] ?? "leaves");
        };
        const opened = await openBench((clock) => leaving(clock, next), Object.keys(classes), { parkAfterMs: 100 });
        const address = { workflow: "Counter", id: "c" };
        try {
          await opened.engine.create("Counter", [{ id: "c" }], "api");
          let sent = 0;
          for (const { advance, after } of acts) {
            await turns(after);
            opened.clock.advance(advance);
            if (advance === 0 && sent < EVENTS) await opened.engine.sendEvent(address, "go", encode((sent += 1)));
          }
          while (sent < EVENTS) await opened.engine.sendEvent(address, "go", encode((sent += 1)));
          for (let i = 0; i < 200; i += 1) {
            await turns(6);
            if ((await opened.engine.summary(address)).status === "complete") break;
            opened.clock.advance(500);
          }
          expect((await opened.engine.summary(address)).status).toBe("complete");
          expect(await opened.output(address)).toEqual(Array.from({ length: EVENTS }, (_, i) => i + 1));
        } finally {
          await opened.close();
        }
      },
    ),
    { numRuns: 200 },
  );
}, 120_000);

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await new Promise((resolve) => setImmediate(resolve));
}
