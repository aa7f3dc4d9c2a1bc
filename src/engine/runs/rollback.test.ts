/** Undoing steps: what is undone, in which order, how often it is tried, and what a crash leaves of it. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { inProcessExecutor } from "../../executors/in-process/executor.ts";
import { NonRetryableError } from "../../model/values/thrown.ts";
import { encode } from "../../model/values/value.ts";
import type { InstanceEvent } from "../../model/instance/events.ts";
import type { WorkflowStep } from "../../runtime/cloudflare/workers.ts";
import type { WorkflowRollbackContext } from "../../runtime/steps/step-types.ts";
import { type Bench, openBench, startEngine } from "../../testing/engine-bench.ts";

let bench: Bench;
/** The steps that handlers undid, and the contexts that they were given. */
let undone: string[] = [];
let contexts: WorkflowRollbackContext[] = [];
/** Runs of user code, by class. */
let runs = 0;
let failures = 0;
let gate = Promise.withResolvers<void>();

const undo = (name: string) => ({
  rollback: (context: WorkflowRollbackContext) => {
    undone.push(name);
    contexts.push(context);
  },
});

const ONCE = { retries: { limit: 0, delay: 0 } };

/** Books two things, then fails for good; the second step that fails was started, too. */
class Trip {
  async run(event: { payload: { fails?: boolean; waits?: boolean } }, step: WorkflowStep): Promise<unknown> {
    runs += 1;
    await step.do("hotel", () => ({ id: 7 }), undo("hotel"));
    await step.do("plain", () => 1);
    await step.do("flight", () => 8, undo("flight"));
    if (event.payload.waits === true) await step.sleep("think", "1 hour");
    if (event.payload.fails !== false) {
      await step.do(
        "car",
        ONCE,
        () => {
          throw new RangeError("no cars");
        },
        undo("car"),
      );
    }
    return "booked";
  }
}

/** A handler that fails `failures` times. */
class Stubborn {
  async run(_: unknown, step: WorkflowStep): Promise<unknown> {
    await step.do("first", () => 1, undo("first"));
    await step.do("second", () => 2, {
      rollbackConfig: { retries: { limit: 2, delay: "10 seconds", backoff: "constant" } },
      rollback: ({ ctx }) => {
        undone.push(`second ${ctx.attempt}`);
        if (ctx.attempt <= failures) throw new TypeError(`not yet ${ctx.attempt}`);
      },
    });
    throw new Error("it was not to be");
  }
}

/** Calls steps where they may not be called. */
class Unruly {
  async run(_: unknown, step: WorkflowStep): Promise<unknown> {
    await step.do("one", () => 1, {
      rollback: async () => {
        for (const call of [step.do("x", () => 1), step.sleep("y", 1), step.waitForEvent("z", { type: "t" })]) {
          undone.push(await call.then(String, (error: unknown) => String(error)));
        }
        throw new NonRetryableError("enough");
      },
    });
    throw new TypeError("boom");
  }
}

/** Waits in a callback until the test lets it go on. */
class Slow {
  async run(_: unknown, step: WorkflowStep): Promise<unknown> {
    let memory = "";
    await step.do("quick", () => (memory = "kept"), { rollback: () => void undone.push(`quick ${memory}`) });
    await step.do("slow", () => gate.promise.then(() => "late"), {
      rollback: ({ output }) => void undone.push(`slow ${String(output)}`),
    });
    return "done";
  }
}

/** Has nothing that could be undone. */
class Quick {
  async run(_: unknown, step: WorkflowStep): Promise<unknown> {
    await step.do("one", () => 1);
    await step.sleep("nap", "1 hour");
    throw new Error("nothing to undo");
  }
}

const address = { workflow: "Trip", id: "t" };

async function open(): Promise<void> {
  bench = await openBench(
    (clock) => inProcessExecutor({ classes: { Trip, Stubborn, Unruly, Slow, Quick }, now: () => clock.now() }),
    ["Trip", "Stubborn", "Unruly", "Slow", "Quick"],
  );
}

beforeEach(async () => {
  undone = [];
  contexts = [];
  runs = 0;
  failures = 0;
  gate = Promise.withResolvers();
  await open();
});
afterEach(() => bench.close());

async function create(workflow: string, params: unknown = {}): Promise<{ workflow: string; id: string }> {
  await bench.engine.create(workflow, [{ id: "t", params: encode(params) }], "api");
  return { workflow, id: "t" };
}

async function events(of: { workflow: string; id: string }): Promise<InstanceEvent[]> {
  const found: InstanceEvent[] = [];
  for await (const events of bench.engine.history(of)) for (const event of events) found.push(event);
  return found;
}

describe("a run that rejects", () => {
  test("undoes what had started, the last first, and ends with its own error", async () => {
    await create("Trip");
    await bench.reaches(address, "errored");
    expect(undone).toEqual(["car", "flight", "hotel"]);
    const kinds = await bench.kinds(address);
    expect(kinds.slice(kinds.indexOf("step_errored"))).toEqual([
      "step_errored",
      "rollback_started",
      ...Array.from({ length: 3 }, () => [
        "rollback_step_started",
        "rollback_attempt_started",
        "rollback_attempt_completed",
        "rollback_step_completed",
      ]).flat(),
      "rollback_completed",
      "workflow_errored",
    ]);
    expect(await bench.last(address)).toMatchObject({ error: { name: "RangeError", message: "no cars" } });
    expect(runs).toBe(1);
  });

  test("tells each handler the step, its output, and why", async () => {
    await create("Trip");
    await bench.reaches(address, "errored");
    expect(contexts.map(({ output, stepName }) => [stepName, output])).toEqual([
      ["car-1", undefined],
      ["flight-1", 8],
      ["hotel-1", { id: 7 }],
    ]);
    for (const context of contexts) {
      expect(context.error).toBeInstanceOf(RangeError);
      expect(Object.keys(context)).toContain("output");
      expect(context.ctx).toMatchObject({
        attempt: 1,
        config: { retries: { limit: 5, delay: 10_000, backoff: "exponential" }, timeout: "10 minutes" },
      });
    }
  });

  test("without anything to undo ends at once", async () => {
    const quick = await create("Quick");
    await bench.reaches(quick, "waiting");
    bench.clock.advance(60 * 60 * 1000);
    await bench.reaches(quick, "errored");
    expect((await bench.kinds(quick)).filter((kind) => kind.startsWith("rollback"))).toEqual([]);
  });

  test("undoes nothing when it resolves", async () => {
    await create("Trip", { fails: false });
    await bench.reaches(address, "complete");
    expect(undone).toEqual([]);
  });
});

describe("a handler that fails", () => {
  const stubborn = { workflow: "Stubborn", id: "t" };

  test("is tried again after its delay, no earlier, and then the next one is", async () => {
    failures = 2;
    await create("Stubborn");
    await bench.happens(stubborn, "rollback_attempt_errored");
    expect((await bench.engine.summary(stubborn)).status).toBe("rollingBack");
    bench.clock.advance(9_999);
    await bench.quiet();
    expect(undone).toEqual(["second 1"]);
    bench.clock.advance(1);
    await bench.happens(stubborn, "rollback_attempt_errored", 2);
    bench.clock.advance(10_000);
    await bench.reaches(stubborn, "errored");
    expect(undone).toEqual(["second 1", "second 2", "second 3", "first"]);
  });

  test("for good halts the rollback: what started earlier is not undone", async () => {
    failures = 3;
    await create("Stubborn");
    for (let failed = 1; failed < 3; failed += 1) {
      await bench.happens(stubborn, "rollback_attempt_errored", failed);
      bench.clock.advance(10_000);
    }
    await bench.reaches(stubborn, "errored");
    expect(undone).toEqual(["second 1", "second 2", "second 3"]);
    expect((await events(stubborn)).slice(-4)).toMatchObject([
      { type: "rollback_attempt_errored", error: { name: "TypeError", message: "not yet 3" } },
      { type: "rollback_step_errored", error: { name: "TypeError", message: "not yet 3" } },
      { type: "rollback_errored" },
      { type: "workflow_errored", error: { name: "Error", message: "it was not to be" } },
    ]);
  });

  test("may call no steps, and is not tried again when it says so", async () => {
    const unruly = await create("Unruly");
    await bench.reaches(unruly, "errored");
    expect(undone).toEqual(
      Array.from({ length: 3 }, () => "Error: WorkflowFatalError: Cannot execute steps during rollback phase"),
    );
    expect((await bench.kinds(unruly)).filter((kind) => kind === "rollback_attempt_started")).toHaveLength(1);
    expect((await events(unruly)).at(-3)).toMatchObject({ error: { name: "NonRetryableError", message: "enough" } });
  });
});

describe("terminate with rollback", () => {
  test("cuts off what runs, and undoes it from memory", async () => {
    const slow = await create("Slow");
    await bench.happens(slow, "attempt_started", 2);
    expect(await bench.engine.terminate(slow, { rollback: true })).toBe("rollingBack");
    await bench.reaches(slow, "terminated");
    gate.resolve();
    await bench.quiet();
    expect(undone).toEqual(["slow undefined", "quick kept"]);
    expect(await bench.last(slow)).toMatchObject({ type: "workflow_terminated" });
  });

  test("finds the handlers of an instance that is out of memory by replay", async () => {
    await create("Trip", { waits: true });
    await bench.reaches(address, "waiting");
    bench.clock.advance(60_000);
    await bench.quiet();
    expect(bench.runs()).toBe(0);
    expect(await bench.engine.terminate(address, { rollback: true })).toBe("rollingBack");
    await bench.reaches(address, "terminated");
    // The third step had not started: it has nothing to undo.
    expect(undone).toEqual(["flight", "hotel"]);
    expect(contexts[0]?.error).toMatchObject({ name: "Terminated", message: "Instance terminated during rollback" });
    expect(contexts.map(({ output }) => output)).toEqual([8, { id: 7 }]);
    expect(runs).toBe(2);
    await bench.quiet();
    expect(bench.runs()).toBe(0);
  });

  test.each(["paused", "queued"])("works on an instance that is %s", async (status) => {
    await create("Trip", { waits: true });
    await bench.reaches(address, "waiting");
    await bench.engine.pause(address);
    if (status === "queued") void bench.engine.resume(address);
    expect(await bench.engine.terminate(address, { rollback: true })).toBe("rollingBack");
    await bench.reaches(address, "terminated");
    expect(undone).toEqual(["flight", "hotel"]);
  });

  test("ends an instance at once that has nothing to undo", async () => {
    const quick = await create("Quick");
    await bench.reaches(quick, "waiting");
    expect(await bench.engine.terminate(quick, { rollback: true })).toBe("terminated");
    expect(await bench.kinds(quick)).not.toContain("rollback_started");
  });
});

test("after a restart of the engine, a handler waits for the rest of its delay, and what is undone stays so", async () => {
  failures = 1;
  const stubborn = await create("Stubborn");
  await bench.happens(stubborn, "rollback_attempt_errored");
  await bench.engine.close();
  const { store, catalog, clock } = bench;
  clock.advance(9_000);
  const executor = inProcessExecutor({ classes: { Stubborn }, now: () => clock.now() });
  const engine = await startEngine({ store, catalog, executor, clock, ids: { uuid: () => "again" } });
  try {
    await bench.quiet();
    clock.advance(999);
    await bench.quiet();
    expect(undone).toEqual(["second 1"]);
    clock.advance(1);
    for (let turn = 0; (await engine.summary(stubborn)).status !== "errored" && turn < 1_000; turn += 1) await bench.quiet();
    expect(undone).toEqual(["second 1", "second 2", "first"]);
  } finally {
    await engine.close();
  }
});

test("a handler that the code no longer has is said to be missing, and halts the rollback", async () => {
  failures = 1;
  const stubborn = await create("Stubborn");
  await bench.happens(stubborn, "rollback_attempt_errored");
  await bench.engine.close();
  const { store, catalog, clock } = bench;
  class Changed {
    run(_: unknown, step: WorkflowStep): Promise<unknown> {
      return step.do("first", () => 1, undo("first"));
    }
  }
  const executor = inProcessExecutor({ classes: { Stubborn: Changed }, now: () => clock.now() });
  const engine = await startEngine({ store, catalog, executor, clock, ids: { uuid: () => "again" } });
  try {
    for (let turn = 0; (await engine.summary(stubborn)).status !== "errored" && turn < 1_000; turn += 1) await bench.quiet();
    const last: InstanceEvent[] = [];
    for await (const events of engine.history(stubborn)) for (const event of events) last.push(event);
    expect(last.slice(-3)).toMatchObject([
      {
        type: "rollback_step_errored",
        error: { name: "RollbackMissing", message: "Rollback function not available in registry" },
      },
      { type: "rollback_errored" },
      { type: "workflow_errored", error: { message: "it was not to be" } },
    ]);
    expect(undone).toEqual(["second 1"]);
  } finally {
    await engine.close();
  }
});

describe("while it rolls back", () => {
  const stubborn = { workflow: "Stubborn", id: "t" };
  beforeEach(async () => {
    failures = 1;
    await create("Stubborn");
    await bench.happens(stubborn, "rollback_attempt_errored");
  });

  test("terminate cuts it short, and says that the rollback failed", async () => {
    expect(await bench.engine.terminate(stubborn)).toBe("terminated");
    expect((await bench.kinds(stubborn)).slice(-2)).toEqual(["rollback_errored", "workflow_terminated"]);
    bench.clock.advance(60_000);
    await bench.quiet();
    expect(undone).toEqual(["second 1"]);
    expect(bench.runs()).toBe(0);
  });

  test("asking for what is being done, pausing and resuming change nothing", async () => {
    expect(await bench.engine.terminate(stubborn, { rollback: true })).toBe("rollingBack");
    expect(await bench.engine.pause(stubborn)).toBe("rollingBack");
    expect(await bench.engine.resume(stubborn)).toBe("rollingBack");
    expect(bench.engine.terminateAll("Stubborn")).toBe("ok");
    await bench.quiet();
    bench.clock.advance(10_000);
    await bench.reaches(stubborn, "errored");
    expect(undone).toEqual(["second 1", "second 2", "first"]);
  });

  test("events are taken and kept", async () => {
    await bench.engine.sendEvent(stubborn, "go", "1");
    expect(await bench.last(stubborn)).toMatchObject({ type: "event_received" });
  });

  test("restart begins anew, and nothing more is undone of the life before", async () => {
    expect(await bench.engine.restart(stubborn)).toBe("queued");
    await bench.happens(stubborn, "rollback_attempt_errored");
    expect(undone).toEqual(["second 1", "second 1"]);
  });

  test("delete takes it away", async () => {
    expect(await bench.engine.remove("Stubborn", ["t"])).toEqual([undefined]);
    bench.clock.advance(60_000);
    await bench.quiet();
    expect(undone).toEqual(["second 1"]);
    expect(bench.runs()).toBe(0);
  });

  test("it holds its place", async () => {
    expect((await bench.store.ready("interrupted", 0, 10)).map(({ id }) => id)).toEqual(["t"]);
  });
});
