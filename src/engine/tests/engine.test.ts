import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { inProcessExecutor } from "../../executors/in-process/executor.ts";
import { Failure } from "../../model/failures/failure.ts";
import { encode } from "../../model/values/value.ts";
import type { Executor } from "../../ports/executor.ts";
import type { WorkflowStep } from "../../runtime/cloudflare/workers.ts";
import { openBench, type Bench } from "../../testing/engine-bench.ts";

let bench: Bench;

class Order {
  async run(event: { payload: { item: string; coolOff?: number } }, step: WorkflowStep): Promise<unknown> {
    const reserved = await step.do("reserve", () => `reserved ${event.payload.item}`);
    await step.sleep("cool off", event.payload.coolOff ?? "1 hour");
    const approval = await step.waitForEvent<{ by: string }>("approval", { type: "approve", timeout: "1 day" });
    return { reserved, by: approval.payload.by };
  }
}

let failures = 0;
class Flaky {
  async run(_event: unknown, step: WorkflowStep): Promise<unknown> {
    return step.do("try", { retries: { limit: 3, delay: "10 seconds", backoff: "exponential" } }, ({ attempt }) => {
      if (attempt <= failures) throw new TypeError(`attempt ${attempt}`);
      return attempt;
    });
  }
}

beforeEach(async () => {
  failures = 2;
  bench = await openBench(
    (clock) => inProcessExecutor({ classes: { Order, Flaky }, now: () => clock.now() }),
    ["Order", "Flaky"],
  );
});
afterEach(() => bench.close());

describe("the life of an instance", () => {
  test("goes from create through step, sleep and event to complete, and every hop is in its journal", async () => {
    const address = { workflow: "Order", id: "o-1" };
    await bench.engine.create("Order", [{ id: "o-1", params: encode({ item: "tea" }) }], "api");
    await bench.reaches(address, "waiting");
    bench.clock.advance(60 * 60 * 1000);
    await bench.happens(address, "wait_started");
    await bench.engine.sendEvent(address, "approve", encode({ by: "Ada" }));
    await bench.reaches(address, "complete");
    expect(await bench.kinds(address)).toEqual([
      "workflow_queued",
      "workflow_started",
      "workflow_running",
      "step_started",
      "attempt_started",
      "attempt_completed",
      "step_completed",
      "sleep_started",
      "workflow_waiting",
      "workflow_running",
      "sleep_completed",
      "wait_started",
      "workflow_waiting",
      "workflow_running",
      "wait_completed",
      "workflow_completed",
    ]);
    expect(await bench.output(address)).toEqual({ reserved: "reserved tea", by: "Ada" });
  });

  test("a waiting instance leaves memory, and comes back for its timer", async () => {
    const address = { workflow: "Order", id: "o-2" };
    await bench.engine.create("Order", [{ id: "o-2", params: encode({ item: "tea" }) }], "api");
    await bench.reaches(address, "waiting");
    bench.clock.advance(60_000);
    await bench.quiet();
    const parked = bench.runs();
    bench.clock.advance(60 * 60 * 1000);
    await bench.happens(address, "wait_started");
    expect([parked, bench.runs()]).toEqual([0, 1]);
  });

  test("waits for fractions of a millisecond, and never less than asked for", async () => {
    const address = { workflow: "Order", id: "o-3" };
    await bench.engine.create("Order", [{ id: "o-3", params: encode({ item: "tea", coolOff: 1.5 }) }], "api");
    await bench.reaches(address, "waiting");
    const { wakeAt } = await bench.engine.summary(address);
    bench.clock.advance(1);
    await bench.quiet();
    expect(await bench.kinds(address)).not.toContain("sleep_completed");
    bench.clock.advance(1);
    await bench.happens(address, "wait_started");
    expect(wakeAt).toBe(bench.clock.now());
  });

  test("a failing step waits as long as its back-off says, no less", async () => {
    const address = { workflow: "Flaky", id: "f-1" };
    await bench.engine.create("Flaky", [{ id: "f-1" }], "api");
    await bench.reaches(address, "waiting");
    bench.clock.advance(9_999);
    await bench.quiet();
    expect((await bench.engine.summary(address)).status).toBe("waiting");
    bench.clock.advance(1);
    await bench.happens(address, "attempt_errored", 2);
    bench.clock.advance(20_000);
    await bench.reaches(address, "complete");
    expect(await bench.output(address)).toBe(3);
  });

  test("a step without retries left fails the instance with its error", async () => {
    failures = 9;
    const address = { workflow: "Flaky", id: "f-2" };
    await bench.engine.create("Flaky", [{ id: "f-2" }], "api");
    for (const [failed, delay] of [10_000, 20_000, 40_000].entries()) {
      await bench.happens(address, "attempt_errored", failed + 1);
      bench.clock.advance(delay);
    }
    await bench.reaches(address, "errored");
    expect(await bench.last(address)).toMatchObject({
      type: "workflow_errored",
      error: { name: "TypeError", message: "attempt 4" },
    });
  });
});

describe("control", () => {
  test("pause holds timers, resume moves them", async () => {
    const address = { workflow: "Order", id: "p-1" };
    await bench.engine.create("Order", [{ id: "p-1", params: encode({ item: "tea" }) }], "api");
    await bench.reaches(address, "waiting");
    expect(await bench.engine.pause(address)).toBe("paused");
    bench.clock.advance(2 * 60 * 60 * 1000);
    await bench.quiet();
    expect((await bench.engine.summary(address)).status).toBe("paused");
    expect(await bench.engine.resume(address)).toBe("queued");
    await bench.reaches(address, "waiting");
    bench.clock.advance(59 * 60 * 1000);
    await bench.quiet();
    expect(await bench.kinds(address)).not.toContain("sleep_completed");
    bench.clock.advance(60 * 1000);
    await bench.happens(address, "sleep_completed");
  });

  test("terminate ends an instance for good, and only once", async () => {
    const address = { workflow: "Order", id: "t-1" };
    await bench.engine.create("Order", [{ id: "t-1", params: encode({ item: "tea" }) }], "api");
    await bench.reaches(address, "waiting");
    expect(await bench.engine.terminate(address)).toBe("terminated");
    await expect(bench.engine.terminate(address)).rejects.toMatchObject({ failure: "instance.cannot_terminate" });
    await expect(bench.engine.sendEvent(address, "approve", "1")).rejects.toMatchObject({ failure: "instance.in_finite_state" });
    bench.clock.advance(60 * 60 * 1000);
    await bench.quiet();
    expect((await bench.engine.summary(address)).status).toBe("terminated");
  });

  test("restart runs it again from the beginning", async () => {
    failures = 0;
    const address = { workflow: "Flaky", id: "r-1" };
    await bench.engine.create("Flaky", [{ id: "r-1" }], "api");
    await bench.reaches(address, "complete");
    expect(await bench.engine.restart(address)).toBe("queued");
    await bench.happens(address, "workflow_completed");
    const kinds = await bench.kinds(address);
    expect(kinds[0]).toBe("workflow_queued");
    expect(kinds.filter((kind) => kind === "step_completed")).toHaveLength(1);
  });

  test("a deleted instance is gone, whatever it was doing, and its id is free", async () => {
    const address = { workflow: "Order", id: "d-1" };
    await bench.engine.create("Order", [{ id: "d-1", params: encode({ item: "tea" }) }], "api");
    await bench.reaches(address, "waiting");
    expect(await bench.engine.remove("Order", ["d-1", "missing"])).toEqual([undefined, expect.any(Failure)]);
    await expect(bench.engine.summary(address)).rejects.toMatchObject({ failure: "instance.not_found" });
    const [again] = await bench.engine.create("Order", [{ id: "d-1" }], "api");
    expect(again).toMatchObject({ id: "d-1" });
  });

  test("terminate-all ends what is unfinished and leaves the rest", async () => {
    failures = 0;
    await bench.engine.create(
      "Order",
      [{ id: "a" }, { id: "b" }].map((each) => ({ ...each, params: encode({ item: "x" }) })),
      "api",
    );
    await bench.reaches({ workflow: "Order", id: "b" }, "waiting");
    expect(bench.engine.terminateAll("Order")).toBe("ok");
    await bench.reaches({ workflow: "Order", id: "a" }, "terminated");
    await bench.reaches({ workflow: "Order", id: "b" }, "terminated");
  });
});

describe("refusals change nothing", () => {
  test("an id that is taken", async () => {
    await bench.engine.create("Flaky", [{ id: "x" }], "api");
    const [first, second] = await bench.engine.create("Flaky", [{ id: "x" }, { id: "y" }], "api");
    expect(first).toMatchObject({ failure: "instance.already_exists" });
    expect(second).toMatchObject({ id: "y" });
  });

  test.each(["", "-x", "a b", "x".repeat(101), "batch", `cf_${"0".repeat(64)}`])("the id %j", async (id) => {
    const [answer] = await bench.engine.create("Flaky", [{ id }], "api");
    expect(answer).toMatchObject({ failure: "instance.invalid_id" });
  });

  test("params over the limit", async () => {
    const [answer] = await bench.engine.create("Flaky", [{ params: encode("x".repeat(1_048_577)) }], "api");
    expect(answer).toMatchObject({ failure: "instance.too_large", field: "params" });
  });

  test("a workflow that does not exist", async () => {
    await expect(bench.engine.create("Missing", [{}], "api")).rejects.toMatchObject({ failure: "workflow.not_found" });
  });
});

test("only so many run at once; the others wait their turn", async () => {
  await bench.close();
  bench = await openBench((clock) => inProcessExecutor({ classes: { Order, Flaky }, now: () => clock.now() }), ["Flaky"], {
    maxRunning: 2,
  });
  failures = 0;
  await bench.engine.create(
    "Flaky",
    Array.from({ length: 20 }, (_, i) => ({ id: `n-${i}` })),
    "api",
  );
  for (let i = 0; i < 20; i += 1) await bench.reaches({ workflow: "Flaky", id: `n-${i}` }, "complete");
});

describe.each(["script.unavailable", "script.invalid"] as const)("hosts that end before they are ready (%s)", (failure) => {
  /** The first `ended` hosts end so. */
  const openWith = (ended: number): Promise<Bench> => {
    let left = ended;
    return openBench(
      (clock) => {
        const executor = inProcessExecutor({ classes: { Flaky }, now: () => clock.now() });
        const open: Executor["open"] = (...of) =>
          (left -= 1) >= 0 ? Promise.reject(new Failure(failure)) : executor.open(...of);
        return { name: executor.name, close: () => executor.close(), open };
      },
      ["Flaky"],
    );
  };
  const address = { workflow: "Flaky", id: "f" };
  beforeEach(() => void (failures = 0));

  test("say nothing about the instance, which gets another", async () => {
    const other = await openWith(3);
    await other.engine.create("Flaky", [{ id: "f" }], "api");
    for (let turn = 0; turn < 3; turn += 1) {
      await other.quiet();
      other.clock.advance(1_000);
    }
    await other.reaches(address, "complete");
    await other.close();
  });

  test("are its end when there is no other", async () => {
    const none = await openWith(Infinity);
    await none.engine.create("Flaky", [{ id: "f" }], "api");
    for (let turn = 0; turn < 10; turn += 1) {
      await none.quiet();
      none.clock.advance(60_000);
    }
    await none.reaches(address, "errored");
    await none.close();
  });
});
