/**
 * Whatever people do to an instance, and whenever: as long as it is not ended on purpose it ends by itself, with every event
 * delivered once and in order. Commits take as many turns as chance says, so that commands fall into every gap.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { inProcessExecutor } from "../../executors/in-process/executor.ts";
import { encode } from "../../model/values/value.ts";
import type { Store } from "../../ports/store.ts";
import type { WorkflowStep } from "../../runtime/cloudflare/workers.ts";
import { openBench, type Bench } from "../../testing/engine-bench.ts";

const EVENTS = 3;

class Waiting {
  async run(_event: unknown, step: WorkflowStep): Promise<unknown> {
    const seen: unknown[] = [];
    for (let i = 0; i < EVENTS; i += 1) {
      const { payload } = await step.waitForEvent("next", { type: "go", timeout: "300 days" });
      seen.push(await step.do("note", () => payload));
      await step.sleep("nap", 1_000);
    }
    return seen;
  }
}

const ADDRESS = { workflow: "Waiting", id: "w" };
const NAP = { kind: "sleep", name: "nap", count: 1 } as const;

const act = fc.record({
  is: fc.constantFrom("pause", "resume", "event", "time", "park", "skip"),
  /** Turns of the event loop before it. */
  after: fc.nat(8),
});

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

test("an instance that is paused, resumed and sent events at any moment loses none of them, and ends", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 12 }), fc.array(fc.nat(4), { minLength: 1 }), async (acts, delays) => {
      let commits = 0;
      const slow = (store: Store): Store =>
        new Proxy(store, {
          get: (target, verb: keyof Store) =>
            verb === "commit"
              ? async (...args: Parameters<Store["commit"]>) => {
                  await turns(delays[(commits += 1) % delays.length] ?? 0);
                  return target.commit(...args);
                }
              : target[verb].bind(target),
        });
      const bench = await openBench(
        (clock) => inProcessExecutor({ classes: { Waiting }, now: () => clock.now() }),
        ["Waiting"],
        { parkAfterMs: 100 },
        slow,
      );
      const { engine, clock } = bench;
      try {
        await engine.create("Waiting", [{ id: ADDRESS.id }], "api");
        let sent = 0;
        const under: Promise<unknown>[] = [];
        // Each is sent when the one before was acknowledged: only then is their order a promise.
        let events = Promise.resolve();
        const send = (): void => {
          sent += 1;
          const payload = encode(sent);
          events = events.then(() => engine.sendEvent(ADDRESS, "go", payload));
        };
        for (const { is, after } of acts) {
          await turns(after);
          if (is === "pause") under.push(engine.pause(ADDRESS));
          else if (is === "resume") under.push(engine.resume(ADDRESS));
          else if (is === "time") clock.advance(1_000);
          else if (is === "park") clock.advance(100);
          // Mostly it does not sleep there, and says so.
          else if (is === "skip") under.push(engine.skipDelay(ADDRESS, NAP).catch(() => undefined));
          else if (sent < EVENTS) send();
        }
        for (let left = EVENTS - sent; left > 0; left -= 1) send();
        await Promise.all([...under, events]);
        await engine.resume(ADDRESS);
        for (let i = 0; i < 200; i += 1) {
          await turns(6);
          if ((await engine.summary(ADDRESS)).status === "complete") break;
          clock.advance(500);
        }
        expect((await engine.summary(ADDRESS)).status).toBe("complete");
        expect(await bench.output(ADDRESS)).toEqual(Array.from({ length: EVENTS }, (_, i) => i + 1));
      } finally {
        await bench.close();
      }
    }),
    { numRuns: 400 },
  );
}, 120_000);

test("an unused host stays open for an instance that is about to start in it", async () => {
  const bench = await openBench((clock) => inProcessExecutor({ classes: { Waiting }, now: () => clock.now() }), ["Waiting"]);
  try {
    await bench.engine.create("Waiting", [{ id: ADDRESS.id }], "api");
    await bench.reaches(ADDRESS, "waiting");
    await bench.engine.pause(ADDRESS);
    await bench.quiet();
    await bench.engine.resume(ADDRESS);
    // While the journal is read: the host has been idle for longer than it may.
    bench.clock.advance(3_600_000);
    await bench.quiet();
    await bench.engine.sendEvent(ADDRESS, "go", encode(1));
    await bench.happens(ADDRESS, "step_completed");
  } finally {
    await bench.close();
  }
});

test.each<[string, (bench: Bench) => Promise<unknown>]>([
  ["is terminated", ({ engine }) => engine.terminate(ADDRESS)],
  ["is deleted", ({ engine }) => engine.remove("Waiting", [ADDRESS.id])],
  ["is restarted", ({ engine }) => engine.restart(ADDRESS)],
  ["is stopped with the engine", ({ engine }) => engine.close()],
  [
    "is held back for the end of the engine",
    async ({ engine, clock }) => {
      const closed = engine.close(1_000);
      for (let i = 0; i < 20; i += 1) {
        await turns(5);
        clock.advance(100);
      }
      return closed;
    },
  ],
])("an instance that %s while its code is between two steps does not begin the next", async (_, act) => {
  const gates: (() => void)[] = [];
  let begun = 0;
  class Between {
    async run(_event: unknown, step: WorkflowStep): Promise<unknown> {
      await step.do("one", () => 1);
      await new Promise<void>((resolve) => gates.push(resolve));
      return step.do("two", () => (begun += 1));
    }
  }
  const bench = await openBench(
    (clock) => inProcessExecutor({ classes: { Waiting: Between }, now: () => clock.now() }),
    ["Waiting"],
  );
  try {
    await bench.engine.create("Waiting", [{ id: ADDRESS.id }], "api");
    await bench.happens(ADDRESS, "step_completed");
    await bench.quiet();
    await act(bench);
    gates[0]?.();
    await bench.quiet();
    expect([gates.length > 0, begun]).toEqual([true, 0]);
  } finally {
    await bench.close();
  }
});
