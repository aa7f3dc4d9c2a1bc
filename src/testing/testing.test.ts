/** `stepwell/testing`: each behaviour of `cloudflare:test`'s introspection, and what stepwell adds to it. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { WorkflowStep } from "../runtime/cloudflare/workers.ts";
import type { Workflow } from "../bindings/workflow/client.ts";
import { env, introspectWorkflow, introspectWorkflowInstance, openTestStepwell, type TestStepwell } from "./index.ts";

const ONCE = { retries: { limit: 3, delay: "1 hour", backoff: "constant" } } as const;
const HOUR_MS = 60 * 60 * 1000;

/** What callbacks have really run. */
let ran: string[] = [];

class Order {
  async run(event: { payload: { fails?: boolean } }, step: WorkflowStep): Promise<unknown> {
    const stock = await step.do("stock", ONCE, () => {
      ran.push("stock");
      if (event.payload.fails === true) throw new TypeError("out of stock");
      return { units: 1 };
    });
    await step.sleep("pause", "1 day");
    const { payload } = await step.waitForEvent("approval", { type: "approval", timeout: "30 days" });
    return { stock, payload };
  }
}

class Twice {
  async run(_: unknown, step: WorkflowStep): Promise<unknown> {
    const results: unknown[] = [];
    for (let i = 0; i < 2; i += 1) {
      results.push(
        await step.do("same", ONCE, () => {
          ran.push(`same ${i + 1}`);
          return "real";
        }),
      );
      await step.sleep("nap", "1 hour");
    }
    await step.sleepUntil("tomorrow", Date.now() + 1_000 * HOUR_MS);
    return results;
  }
}

class Secret {
  async run(_: unknown, step: WorkflowStep): Promise<unknown> {
    return (await step.do("secret", { sensitive: "output" }, () => "pssst")).length;
  }
}

class Waiting {
  async run(_: unknown, step: WorkflowStep): Promise<unknown> {
    try {
      return (await step.waitForEvent("event", { type: "event" })).payload;
    } catch (cause) {
      const { name, message } = cause as Error;
      return { name, message };
    }
  }
}

class Stream {
  async run(_: unknown, step: WorkflowStep): Promise<unknown> {
    const stream = await step.do("stream", () => {
      ran.push("stream");
      return new Response("real").body;
    });
    return new Response(stream).text();
  }
}

const workflows = { ORDER: Order, TWICE: Twice, SECRET: Secret, WAITING: Waiting, STREAM: Stream };

let stepwell: TestStepwell<keyof typeof workflows>;
beforeEach(async () => {
  ran = [];
  stepwell = await openTestStepwell({ workflows, env: { GREETING: "hello" } });
});
afterEach(() => stepwell.close());

const binding = (name: keyof typeof workflows): Workflow => stepwell.env[name];

describe("env", () => {
  test("has the bindings and whatever else was given, for tests as for classes", async () => {
    expect(env).toEqual(stepwell.env);
    expect(stepwell.env["GREETING"]).toBe("hello");
    await stepwell.close();
    expect(env).toEqual({});
  });

  test("a name that no workflow can have is refused", async () => {
    await expect(openTestStepwell({ workflows: { "a b": Order } })).rejects.toMatchObject({
      failure: "workflow.invalid_name",
      field: "a b",
    });
  });
});

describe("time", () => {
  test("sleeps and retry delays take none", async () => {
    await using instance = await introspectWorkflowInstance(binding("ORDER"), "o");
    await binding("ORDER").create({ id: "o", params: { fails: true } });
    await instance.waitForStatus("errored");
    expect(stepwell.skippedMs).toBeGreaterThan(3 * HOUR_MS - 10_000);
  });

  test("waits for events do: their end is for the test to say", async () => {
    await using instance = await introspectWorkflowInstance(binding("WAITING"), "w");
    const handle = await binding("WAITING").create({ id: "w" });
    await instance.waitForStatus("waiting");
    await handle.sendEvent({ type: "event", payload: 7 });
    await instance.waitForStatus("complete");
    expect(await instance.getOutput()).toBe(7);
    expect(stepwell.skippedMs).toBe(0);
  });
});

describe("introspectWorkflowInstance", () => {
  test("needs a binding and an id", async () => {
    const text = "[WorkflowIntrospector] Workflow binding and instance id are required.";
    await expect(introspectWorkflowInstance(undefined as never, "o")).rejects.toThrow(text);
    await expect(introspectWorkflowInstance(binding("ORDER"), "")).rejects.toThrow(text);
  });

  test("needs a binding that can be introspected", async () => {
    await expect(introspectWorkflowInstance({}, "o")).rejects.toThrow("is not one that openTestStepwell made");
  });

  test("modify resolves with the introspector", async () => {
    const instance = await introspectWorkflowInstance(binding("ORDER"), "o");
    expect(await instance.modify(async () => {})).toBe(instance);
  });

  test("waitForStatus: queued resolves at once, the status that there is too, another one when it comes", async () => {
    const instance = await introspectWorkflowInstance(binding("WAITING"), "w");
    await instance.waitForStatus("queued");
    const waiting = instance.waitForStatus("waiting");
    const handle = await binding("WAITING").create({ id: "w" });
    await waiting;
    await instance.waitForStatus("waiting");
    await handle.terminate();
    await instance.waitForStatus("terminated");
  });

  test("waitForStatus: a status that was left is not the status", async () => {
    const instance = await introspectWorkflowInstance(binding("WAITING"), "w");
    const handle = await binding("WAITING").create({ id: "w" });
    await instance.waitForStatus("waiting");
    await handle.pause();
    const waiting = instance.waitForStatus("waiting");
    await handle.resume();
    await waiting;
    expect((await handle.status()).status).toBe("waiting");
  });

  test("waitForStatus rejects when the instance has ended otherwise, before or meanwhile", async () => {
    const instance = await introspectWorkflowInstance(binding("WAITING"), "w");
    const complete = instance.waitForStatus("complete");
    await (await binding("WAITING").create({ id: "w" })).terminate();
    const text =
      "[WorkflowIntrospector] The Workflow instance w has reached status 'terminated'. This is a finite status that prevents it from ever reaching the expected status of 'complete'.";
    await expect(complete).rejects.toThrow(text);
    await expect(instance.waitForStatus("complete")).rejects.toThrow(text);
  });

  test("getOutput and getError refuse in any other status", async () => {
    const instance = await introspectWorkflowInstance(binding("WAITING"), "w");
    const text = (what: string, is: string, must: string): string =>
      `Cannot retrieve ${what}: Workflow instance is in status "${is}" but must be "${must}"`;
    await expect(instance.getOutput()).rejects.toThrow(text("output", "unknown", "complete"));
    await binding("WAITING").create({ id: "w" });
    await instance.waitForStatus("waiting");
    await expect(instance.getOutput()).rejects.toThrow(text("output", "waiting", "complete"));
    await expect(instance.getError()).rejects.toThrow(text("error", "waiting", "errored"));
  });

  test("getError has name and message", async () => {
    const instance = await introspectWorkflowInstance(binding("ORDER"), "o");
    await binding("ORDER").create({ id: "o", params: { fails: true } });
    await instance.waitForStatus("errored");
    expect(await instance.getError()).toEqual({ name: "TypeError", message: "out of stock" });
  });

  test("waitForStepResult gives the result of a step that is over, and of one that is not", async () => {
    const instance = await introspectWorkflowInstance(binding("ORDER"), "o");
    const early = instance.waitForStepResult({ name: "stock" });
    await binding("ORDER").create({ id: "o" });
    expect(await early).toEqual({ units: 1 });
    expect(await instance.waitForStepResult({ name: "stock", index: 1 })).toEqual({ units: 1 });
  });

  test("waitForStepResult rejects when the step fails, and when it can't come any more", async () => {
    const instance = await introspectWorkflowInstance(binding("ORDER"), "o");
    await binding("ORDER").create({ id: "o", params: { fails: true } });
    await expect(instance.waitForStepResult({ name: "stock" })).rejects.toMatchObject({
      name: "TypeError",
      message: "out of stock",
    });
    await expect(instance.waitForStepResult({ name: "stock", index: 2 })).rejects.toThrow("has reached status 'errored'");
  });

  test("waitForStepResult does not tell what is sensitive", async () => {
    const instance = await introspectWorkflowInstance(binding("SECRET"), "s");
    await binding("SECRET").create({ id: "s" });
    expect(await instance.waitForStepResult({ name: "secret" })).toBe("[REDACTED]");
    await instance.waitForStatus("complete");
    expect(await instance.getOutput()).toBe(5);
  });

  test("dispose deletes the instance, can be repeated, and rejects pending waits", async () => {
    const instance = await introspectWorkflowInstance(binding("WAITING"), "w");
    await binding("WAITING").create({ id: "w" });
    await instance.waitForStatus("waiting");
    const waiting = instance.waitForStatus("complete");
    const failed = waiting.catch((cause: unknown) => cause);
    await instance.dispose();
    expect(await failed).toMatchObject({ message: expect.stringContaining("has been disposed of") as string });
    await instance.dispose();
    await expect(binding("WAITING").get("w")).rejects.toThrow("instance.not_found");
  });

  test("nothing is left for the next test: neither the instance nor its mocks", async () => {
    {
      await using instance = await introspectWorkflowInstance(binding("ORDER"), "o");
      await instance.modify((m) => m.mockStepResult({ name: "stock" }, "mocked"));
      await binding("ORDER").create({ id: "o" });
      expect(await instance.waitForStepResult({ name: "stock" })).toBe("mocked");
    }
    await using instance = await introspectWorkflowInstance(binding("ORDER"), "o");
    await binding("ORDER").create({ id: "o" });
    expect(await instance.waitForStepResult({ name: "stock" })).toEqual({ units: 1 });
  });
});

describe("introspectWorkflow", () => {
  test("needs a binding", async () => {
    await expect(introspectWorkflow(undefined as never)).rejects.toThrow("[WorkflowIntrospector] Workflow binding is required.");
  });

  test("has one session a binding at a time", async () => {
    const first = await introspectWorkflow(binding("ORDER"));
    await expect(introspectWorkflow(binding("ORDER"))).rejects.toThrow(
      'Workflow "ORDER" already has an active introspection session for binding "ORDER".',
    );
    await using other = await introspectWorkflow(binding("TWICE"));
    expect(await other.get()).toEqual([]);
    await first.dispose();
    await first.dispose();
    await (await introspectWorkflow(binding("ORDER"))).dispose();
  });

  test("sees the instances that are created afterwards, and no others", async () => {
    await binding("ORDER").create({ id: "before" });
    await using workflow = await introspectWorkflow(binding("ORDER"));
    await workflow.modifyAll((m) => m.mockStepResult({ name: "stock" }, "mocked"));
    await binding("ORDER").create();
    await binding("ORDER").createBatch([{ id: "b1" }, {}]);
    await binding("ORDER").createBatch({ count: 40 });
    const instances = await workflow.get();
    expect(instances).toHaveLength(43);
    for (const each of instances) expect(await each.waitForStepResult({ name: "stock" })).toBe("mocked");
    const before = await introspectWorkflowInstance(binding("ORDER"), "before");
    expect(await before.waitForStepResult({ name: "stock" })).toEqual({ units: 1 });
    await workflow.dispose();
    await expect(binding("ORDER").get("b1")).rejects.toThrow("instance.not_found");
    await binding("ORDER").get("before");
  });

  test("mocks an event for each, and one of them may be modified further", async () => {
    await using workflow = await introspectWorkflow(binding("WAITING"));
    await workflow.modifyAll((m) => m.mockEvent({ type: "event", payload: "all" }));
    const special = await introspectWorkflowInstance(binding("WAITING"), "special");
    await special.modify((m) => m.mockEvent({ type: "event", payload: "own" }));
    await binding("WAITING").createBatch([{ id: "special" }, { id: "other" }]);
    const outputs = [];
    for (const each of await workflow.get()) {
      await each.waitForStatus("complete");
      outputs.push(await each.getOutput());
    }
    expect(outputs).toEqual(["own", "all"]);
  });
});

describe("steps", () => {
  test("a mocked result is the result, and the callback is never called", async () => {
    await using instance = await introspectWorkflowInstance(binding("TWICE"), "t");
    const result = new Map([["a", 1]]);
    await instance.modify((m) => m.mockStepResult({ name: "same", index: 2 }, result));
    result.clear();
    await binding("TWICE").create({ id: "t" });
    await instance.waitForStatus("complete");
    expect(await instance.getOutput()).toEqual(["real", new Map([["a", 1]])]);
    expect(ran).toEqual(["same 1"]);
  });

  test.each([0, "", false, null, undefined])("%j is a result like any other", async (falsy) => {
    await using instance = await introspectWorkflowInstance(binding("TWICE"), "t");
    // An index of 0 means the first.
    await instance.modify((m) => m.mockStepResult({ name: "same", index: 0 }, falsy));
    await binding("TWICE").create({ id: "t" });
    expect(await instance.waitForStepResult({ name: "same" })).toBe(falsy);
    await instance.waitForStatus("complete");
    expect(ran).toEqual(["same 2"]);
  });

  test("a mocked stream is returned by every attempt", async () => {
    await using instance = await introspectWorkflowInstance(binding("STREAM"), "s");
    await instance.modify((m) => m.mockStepResult({ name: "stream" }, new Response("bytes").body));
    const handle = await binding("STREAM").create({ id: "s" });
    await instance.waitForStatus("complete");
    expect(await instance.getOutput()).toBe("bytes");
    await handle.restart();
    await instance.waitForStatus("complete");
    expect(await instance.getOutput()).toBe("bytes");
    expect(ran).toEqual([]);
  });

  test("a result that cannot be stored is refused when it is declared", async () => {
    const instance = await introspectWorkflowInstance(binding("ORDER"), "o");
    await expect(instance.modify((m) => m.mockStepResult({ name: "stock" }, () => 1))).rejects.toThrow();
  });

  test("a result is mocked once, and errors and time-outs are declared before it", async () => {
    const instance = await introspectWorkflowInstance(binding("ORDER"), "o");
    const step = { name: "stock" };
    await instance.modify((m) => m.mockStepResult(step, 0));
    const refused = (declare: Parameters<typeof instance.modify>[0], text: string): Promise<void> =>
      expect(instance.modify(declare)).rejects.toThrow(`[WorkflowIntrospector] ${text}`);
    await refused((m) => m.mockStepResult(step, 1), "Trying to mock step 'stock' multiple times!");
    await refused((m) => m.mockStepError(step, new Error("e")), "Trying to mock error on step 'stock' after mocking its result!");
    await refused((m) => m.forceStepTimeout(step), "Trying to force timeout on step 'stock' after mocking its result!");
  });

  test("errors and time-outs stack over attempts, and the mocked result comes after them", async () => {
    await using instance = await introspectWorkflowInstance(binding("ORDER"), "o");
    await instance.modify(async (m) => {
      await m.mockStepError({ name: "stock" }, new RangeError("first"), 1);
      await m.forceStepTimeout({ name: "stock" }, 2);
      await m.mockStepResult({ name: "stock" }, "at last");
    });
    const handle = await binding("ORDER").create({ id: "o" });
    expect(await instance.waitForStepResult({ name: "stock" })).toBe("at last");
    expect(ran).toEqual([]);
    await handle.terminate();
    // Each of the three retries waited for its hour.
    expect(stepwell.skippedMs).toBeGreaterThan(3 * HOUR_MS - 10_000);
  });

  test("after so many mocked errors the real callback runs", async () => {
    await using instance = await introspectWorkflowInstance(binding("ORDER"), "o");
    await instance.modify((m) => m.mockStepError({ name: "stock" }, new Error("no"), 2));
    await binding("ORDER").create({ id: "o" });
    expect(await instance.waitForStepResult({ name: "stock" })).toEqual({ units: 1 });
    expect(ran).toEqual(["stock"]);
  });

  test("without a number every attempt fails", async () => {
    await using instance = await introspectWorkflowInstance(binding("ORDER"), "o");
    await instance.modify((m) => m.mockStepError({ name: "stock" }, new RangeError("always")));
    await binding("ORDER").create({ id: "o" });
    await instance.waitForStatus("errored");
    expect(await instance.getError()).toEqual({ name: "RangeError", message: "always" });
    expect(ran).toEqual([]);
  });

  test("a forced time-out is the step's own, and no time passes for it", async () => {
    await using instance = await introspectWorkflowInstance(binding("ORDER"), "o");
    await instance.modify(async (m) => {
      await m.forceStepTimeout({ name: "stock" });
      await m.disableRetryDelays();
    });
    await binding("ORDER").create({ id: "o" });
    await expect(instance.waitForStepResult({ name: "stock" })).rejects.toMatchObject({
      name: "WorkflowTimeoutError",
      message: "Execution timed out after 600000ms",
    });
    expect(stepwell.skippedMs).toBe(0);
  });

  test("disableRetryDelays takes all steps, or those it is given", async () => {
    await using instance = await introspectWorkflowInstance(binding("TWICE"), "t");
    await instance.modify(async (m) => {
      await m.disableSleeps();
      await m.disableRetryDelays([{ name: "same", index: 2 }]);
      await m.mockStepError({ name: "same", index: 2 }, new Error("no"), 3);
    });
    await binding("TWICE").create({ id: "t" });
    await instance.waitForStatus("complete");
    expect(stepwell.skippedMs).toBe(0);
    await using other = await introspectWorkflowInstance(binding("TWICE"), "u");
    await other.modify(async (m) => {
      await m.disableSleeps();
      await m.disableRetryDelays([{ name: "same", index: 2 }]);
      await m.mockStepError({ name: "same", index: 1 }, new Error("no"), 1);
    });
    await binding("TWICE").create({ id: "u" });
    await other.waitForStatus("complete");
    expect(stepwell.skippedMs).toBeGreaterThan(HOUR_MS - 10_000);
  });

  test("disableSleeps ends sleep and sleepUntil, but not retry delays", async () => {
    await using instance = await introspectWorkflowInstance(binding("TWICE"), "t");
    await instance.modify((m) => m.disableSleeps());
    await binding("TWICE").create({ id: "t" });
    await instance.waitForStatus("complete");
    expect(stepwell.skippedMs).toBe(0);
    await using failing = await introspectWorkflowInstance(binding("ORDER"), "o");
    await failing.modify((m) => m.disableSleeps());
    await binding("ORDER").create({ id: "o", params: { fails: true } });
    await failing.waitForStatus("errored");
    expect(stepwell.skippedMs).toBeGreaterThan(3 * HOUR_MS - 10_000);
  });

  test("disableSleeps ends the sleeps that it is given", async () => {
    await using instance = await introspectWorkflowInstance(binding("TWICE"), "t");
    await instance.modify((m) => m.disableSleeps([{ name: "nap", index: 2 }, { name: "tomorrow" }]));
    await binding("TWICE").create({ id: "t" });
    await instance.waitForStatus("complete");
    expect(stepwell.skippedMs).toBeGreaterThan(HOUR_MS - 10_000);
    expect(stepwell.skippedMs).toBeLessThan(2 * HOUR_MS - 10_000);
  });

  test("disableSleeps with an empty list ends none, and no waitForEvent ever", async () => {
    await using instance = await introspectWorkflowInstance(binding("ORDER"), "o");
    await instance.modify((m) => m.disableSleeps([]));
    await binding("ORDER").create({ id: "o" });
    await instance.waitForStepResult({ name: "stock" });
    await instance.modify((m) => m.mockEvent({ type: "approval", payload: 1 }));
    await instance.waitForStatus("complete");
    expect(stepwell.skippedMs).toBeGreaterThan(24 * HOUR_MS - 10_000);
  });
});

describe("events", () => {
  test("a mocked event is received by an instance that is not there yet", async () => {
    await using instance = await introspectWorkflowInstance(binding("WAITING"), "w");
    await instance.modify((m) => m.mockEvent({ type: "event", payload: { early: true } }));
    await binding("WAITING").create({ id: "w" });
    await instance.waitForStatus("complete");
    expect(await instance.getOutput()).toEqual({ early: true });
  });

  test("and by one that waits", async () => {
    await using instance = await introspectWorkflowInstance(binding("WAITING"), "w");
    await binding("WAITING").create({ id: "w" });
    await instance.waitForStatus("waiting");
    await instance.modify((m) => m.mockEvent({ type: "event", payload: "late" }));
    await instance.waitForStatus("complete");
    expect(await instance.getOutput()).toBe("late");
  });

  test("a forced time-out reaches the workflow as an Error, whatever was sent", async () => {
    await using instance = await introspectWorkflowInstance(binding("WAITING"), "w");
    await instance.modify(async (m) => {
      await m.forceEventTimeout({ name: "event" });
      await m.mockEvent({ type: "event", payload: 1 });
    });
    await binding("WAITING").create({ id: "w" });
    await instance.waitForStatus("complete");
    expect(await instance.getOutput()).toEqual({
      name: "Error",
      message: expect.stringContaining("Execution timed out") as string,
    });
  });
});

test("what is arranged survives a restart", async () => {
  await using instance = await introspectWorkflowInstance(binding("ORDER"), "o");
  await instance.modify(async (m) => {
    await m.disableSleeps();
    await m.mockStepError({ name: "stock" }, new Error("first"), 1);
    await m.mockStepResult({ name: "stock" }, "mocked");
    await m.mockEvent({ type: "approval", payload: "yes" });
  });
  const handle = await binding("ORDER").create({ id: "o" });
  await instance.waitForStatus("complete");
  await handle.restart();
  await instance.waitForStatus("complete");
  expect(await instance.getOutput()).toEqual({ stock: "mocked", payload: "yes" });
  expect(ran).toEqual([]);
});
