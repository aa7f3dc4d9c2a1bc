/** Restart from a step: what is kept, what runs again, and what is left of events. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { inProcessExecutor } from "../../executors/in-process/executor.ts";
import { encode } from "../../model/values/value.ts";
import { logOf, logView, type InstanceLog } from "../../model/views/log.ts";
import type { StepKey } from "../../model/step/step.ts";
import type { WorkflowStep } from "../../runtime/cloudflare/workers.ts";
import { openBench, type Bench } from "../../testing/engine-bench.ts";

let bench: Bench;
let calls: string[] = [];
let gate = Promise.withResolvers<void>();

const ONCE = { retries: { limit: 0, delay: 0 } };

const note = <T>(name: string, value: T): (() => T) => {
  return () => {
    calls.push(name);
    return value;
  };
};

/** Two steps, an approval, and a third step. */
class Order {
  async run(_: unknown, step: WorkflowStep): Promise<unknown> {
    const a = await step.do("a", note("a", 1), { rollback: () => void calls.push("undo a") });
    const first = await step.do("b", note("b", calls.length));
    const again = await step.do("b", note("b again", calls.length));
    const { payload } = await step.waitForEvent("approval", { type: "approve" });
    const c = await step.do("c", note("c", 3), { rollback: () => void calls.push("undo c") });
    return { a, first, again, payload, c };
  }
}

/** One step that waits in its callback, and two that start beside and after it. */
class Parallel {
  async run(_: unknown, step: WorkflowStep): Promise<unknown> {
    return Promise.all([
      step.do("slow", ONCE, async ({ attempt }) => {
        calls.push(`slow ${attempt}`);
        await gate.promise;
        return "slow";
      }),
      step.sleep("nap", "1 hour"),
      step.do("left", note("left", "left")),
      step.do("right", note("right", "right")),
    ]);
  }
}

const order = { workflow: "Order", id: "i" };
const parallel = { workflow: "Parallel", id: "i" };
const step = (name: string, count = 1, kind: StepKey["kind"] = "do"): StepKey => ({ kind, name, count });

beforeEach(async () => {
  calls = [];
  gate = Promise.withResolvers();
  bench = await openBench(
    (clock) => inProcessExecutor({ classes: { Order, Parallel }, now: () => clock.now() }),
    ["Order", "Parallel"],
  );
});
afterEach(() => bench.close());

async function complete(): Promise<void> {
  await bench.engine.create("Order", [{ id: "i", params: encode({ n: 1 }) }], "api");
  await bench.engine.sendEvent(order, "approve", encode("first"));
  await bench.reaches(order, "complete");
}

/** The log's steps by name, with how they ended. */
async function log(address: { workflow: string; id: string }): Promise<InstanceLog | undefined> {
  const view = logView(true);
  for await (const events of bench.engine.history(address)) for (const event of events) view.add(event);
  return logOf(view);
}

test("keeps what started before the step, and runs it and the rest again", async () => {
  await complete();
  expect(await bench.engine.restart(order, step("b", 2))).toBe("queued");
  await bench.reaches(order, "waiting");
  await bench.engine.sendEvent(order, "approve", encode("second"));
  await bench.reaches(order, "complete");
  expect(calls).toEqual(["a", "b", "b again", "c", "b again", "c"]);
  expect(await bench.output(order)).toEqual({ a: 1, first: 1, again: 4, payload: "second", c: 3 });
  expect((await log(order))?.steps).toMatchObject([
    { name: "a-1", success: true },
    { name: "b-1", success: true, output: "1" },
    { name: "b-2", success: true, output: "4" },
    { name: "approval-1", output: '"second"' },
    { name: "c-1", success: true },
  ]);
});

test("tells subscribers of a new beginning, and not of the end that was taken back", async () => {
  await complete();
  await bench.engine.restart(order, step("c"));
  await bench.happens(order, "step_completed", 5);
  await bench.reaches(order, "complete");
  const kinds: string[] = [];
  for await (const events of bench.engine.follow(order, new AbortController().signal))
    kinds.push(...events.map(({ type }) => type));
  expect(kinds.filter((kind) => kind === "workflow_completed")).toHaveLength(1);
  expect(kinds.slice(-8)).toEqual([
    "workflow_queued",
    "workflow_started",
    "workflow_running",
    "step_started",
    "attempt_started",
    "attempt_completed",
    "step_completed",
    "workflow_completed",
  ]);
});

test("an event delivered to a wiped waiter is used up; an undelivered one is kept", async () => {
  await complete();
  await bench.engine.restart(order, step("approval", 1, "waitForEvent"));
  await bench.reaches(order, "waiting");
  expect((await bench.kinds(order)).filter((kind) => kind === "wait_completed")).toHaveLength(1);
  await bench.engine.sendEvent(order, "approve", encode("second"));
  await bench.engine.sendEvent(order, "approve", encode("third")).catch(() => {});
  await bench.reaches(order, "complete");
  expect(await bench.output(order)).toMatchObject({ payload: "second" });
});

test("events that were kept when the instance ended are there for the next life", async () => {
  await bench.engine.create("Order", [{ id: "i" }], "api");
  await bench.engine.sendEvent(order, "approve", encode("early"));
  await bench.engine.sendEvent(order, "approve", encode("later"));
  await bench.reaches(order, "complete");
  expect(await bench.output(order)).toMatchObject({ payload: "early" });
  await bench.engine.restart(order, step("a"));
  await bench.happens(order, "wait_completed", 2);
  await bench.reaches(order, "complete");
  expect(await bench.output(order)).toMatchObject({ payload: "later" });
});

test("a kept step that had not ended is begun anew, with all its attempts", async () => {
  await bench.engine.create("Parallel", [{ id: "i" }], "api");
  await bench.happens(parallel, "step_completed", 2);
  expect(await bench.engine.restart(parallel, step("left"))).toBe("queued");
  await bench.happens(parallel, "step_completed", 4);
  expect(calls).toEqual(["slow 1", "left", "right", "slow 1", "left", "right"]);
  gate.resolve();
  await bench.happens(parallel, "step_completed", 5);
  bench.clock.advance(60 * 60 * 1000);
  await bench.reaches(parallel, "complete");
  const done = await log(parallel);
  expect(done?.steps.map((entry) => "name" in entry && entry.name)).toEqual(["slow-1", "nap-1", "left-1", "right-1"]);
  expect(done?.steps[0]).toMatchObject({ success: true, attempts: [{ success: true }] });
});

test.each([
  ["terminated", 0],
  ["paused", 30],
])("a sleep that is kept ends when it was going to, from %s too", async (status, minutesHeld) => {
  gate.resolve();
  await bench.engine.create("Parallel", [{ id: "i" }], "api");
  await bench.reaches(parallel, "waiting");
  await (status === "paused" ? bench.engine.pause(parallel) : bench.engine.terminate(parallel));
  bench.clock.advance(30 * 60 * 1000);
  await bench.engine.restart(parallel, step("left"));
  await bench.reaches(parallel, "waiting");
  bench.clock.advance((30 + minutesHeld) * 60 * 1000 - 1);
  await bench.quiet();
  expect((await bench.engine.summary(parallel)).status).toBe("waiting");
  bench.clock.advance(1);
  await bench.reaches(parallel, "complete");
  expect(calls).toEqual(["slow 1", "left", "right", "left", "right"]);
});

test.each([
  ["a name that it never had", step("zzz")],
  ["a count that it never reached", step("b", 3)],
  ["another kind of step", step("approval")],
])("is refused for %s, and leaves the instance alone", async (_, from) => {
  await bench.engine.create("Order", [{ id: "i" }], "api");
  await bench.reaches(order, "waiting");
  await expect(bench.engine.restart(order, from)).rejects.toThrow(
    `(instance.cannot_restart) Step "${from.name}" not found in execution history`,
  );
  await bench.engine.sendEvent(order, "approve", encode("still here"));
  await bench.reaches(order, "complete");
  expect(calls).toEqual(["a", "b", "b again", "c"]);
});

test("uses the newest version, and survives being read again", async () => {
  await complete();
  const version = { id: "Order-v2", workflow: "Order", className: "Order", scriptVersionId: "s1", createdAt: 1, settings: {} };
  const workflow = { id: "Order", name: "Order", className: "Order", script: "script", createdAt: 0, modifiedAt: 1 };
  await bench.catalog.putWorkflow({ ...workflow, versionId: "Order-v2" }, version);
  await bench.engine.restart(order, step("c"));
  await bench.happens(order, "workflow_completed");
  await bench.reaches(order, "complete");
  expect((await bench.engine.summary(order)).versionId).toBe("Order-v2");
  // It has left memory by now: this is folded from the store.
  await bench.engine.restart(order, step("b"));
  await bench.reaches(order, "waiting");
  await bench.engine.restart(order, step("a"));
  await bench.reaches(order, "waiting");
  expect(calls).toEqual(["a", "b", "b again", "c", "c", "b", "b again", "a", "b", "b again"]);
});

test("a whole restart after one from a step keeps nothing", async () => {
  await complete();
  await bench.engine.restart(order, step("c"));
  await bench.reaches(order, "complete");
  await bench.engine.restart(order);
  await bench.reaches(order, "waiting");
  expect((await bench.kinds(order)).filter((kind) => kind === "workflow_queued")).toHaveLength(1);
  expect(calls).toEqual(["a", "b", "b again", "c", "c", "a", "b", "b again"]);
});

test("what is kept can be undone, and what is wiped is not", async () => {
  await complete();
  await bench.engine.restart(order, step("approval", 1, "waitForEvent"));
  await bench.reaches(order, "waiting");
  expect(await bench.engine.terminate(order, { rollback: true })).toBe("rollingBack");
  await bench.reaches(order, "terminated");
  expect(calls.slice(4)).toEqual(["undo a"]);
});
