/** Limits as clients meet them: the last value that passes, the first that does not, and what is said of it. */
import { afterEach, describe, expect, test, vi } from "vitest";
import type { EngineSettings } from "../../src/engine/state/settings.ts";
import { LIMITS } from "../../src/model/limits.ts";
import { encode } from "../../src/model/values/value.ts";
import type { WorkflowStep } from "../../src/runtime/cloudflare/workers.ts";
import { openGuard } from "../../src/server/sessions/auth.ts";
import { openApi, type Answer, type ApiBench } from "../support/api.ts";
import { Order, Quick, Sleeper } from "../support/workflows.ts";

type Event = {
  readonly payload: {
    readonly size?: number;
    readonly steps?: number;
    readonly name?: string;
    readonly ms?: number;
    readonly retries?: number;
  };
};

const text = (bytes: number): string => "x".repeat(bytes);

class Large {
  async run({ payload: { size = 0 } }: Event, step: WorkflowStep): Promise<number> {
    return (await step.do("large", { retries: { limit: 0, delay: 0 } }, () => text(size))).length;
  }
}

class Returns {
  async run({ payload: { size = 0 } }: Event): Promise<string> {
    return text(size);
  }
}

class Steps {
  async run({ payload: { steps = 0 } }: Event, step: WorkflowStep): Promise<void> {
    for (let i = 0; i < steps; i += 1) await step.do(`step ${i}`, () => i);
    // Sleeps do not count.
    await step.sleep("nap", 0);
  }
}

class Named {
  async run({ payload: { name = "" } }: Event, step: WorkflowStep): Promise<void> {
    await step.do(name, () => 1);
  }
}

const nested = (levels: number): unknown => {
  let value: unknown = "core";
  for (let i = 0; i < levels; i += 1) value = [value];
  return value;
};

class DeepStep {
  async run({ payload: { size = 0 } }: Event, step: WorkflowStep): Promise<void> {
    await step.do("deep", { retries: { limit: 0, delay: 0 } }, () => nested(size));
  }
}

class DeepReturn {
  async run({ payload: { size = 0 } }: Event): Promise<unknown> {
    return nested(size);
  }
}

/** Keeps its place for ever. */
class Busy {
  async run(_: Event, step: WorkflowStep): Promise<void> {
    await step.do("busy", () => new Promise<void>(() => undefined));
  }
}

/** Says how each of these ends, which have no other effect: a sleep, a wait, a step with so many retries. */
class Waits {
  async run({ payload: { ms = 0, retries = 0 } }: Event, step: WorkflowStep): Promise<unknown> {
    const begun = (promise: Promise<unknown>): Promise<string> =>
      Promise.race([promise.then(() => "ended"), step.sleep("soon", 1).then(() => "begun")]).catch(
        (error: Error) => error.message,
      );
    const sleep = await begun(step.sleep("sleep", ms));
    const wait = await begun(step.waitForEvent("wait", { type: "never", timeout: ms }));
    return [sleep, wait, await begun(step.do("tried", { retries: { limit: retries, delay: 0 } }, () => 1))];
  }
}

class Delayed {
  async run(_: unknown, step: WorkflowStep): Promise<void> {
    const delay = (): Promise<number> => new Promise((resolve) => void answers.push(resolve));
    await step.do("once", { retries: { limit: 1, delay } }, ({ attempt }) => {
      if (attempt === 1) throw new Error("again");
    });
  }
}

/** Let delay functions of `Delayed` answer, each once it has been asked. */
const answers: ((ms: number) => void)[] = [];

const classes = { Quick, Sleeper, Order, Large, Returns, Steps, Named, Waits, Delayed, Busy, DeepStep, DeepReturn };

let api: ApiBench;
afterEach(() => api.close());

async function open(settings: Partial<EngineSettings> = {}): Promise<void> {
  api = await openApi(classes, openGuard, settings);
}

const create = (workflow: string, body: object = {}): Promise<Answer> =>
  api.call("POST", `/workflows/${workflow}/instances`, body);

const batch = (workflow: string, size: number): Promise<Answer> =>
  api.call(
    "POST",
    `/workflows/${workflow}/instances/batch`,
    Array.from({ length: size }, () => ({})),
  );

const TOO_FAST = {
  status: 429,
  errors: [{ code: 10950, message: "workflows.api.error.rate_limit.workflow_instance_creation" }],
};

describe("the rate of creation", () => {
  test("instance creation is not rate limited by default", async () => {
    await open();
    for (let i = 0; i < 4; i += 1) expect(await batch("Quick", 100)).toMatchObject({ status: 200 });
  });

  test("counts every workflow, and says when to come again", async () => {
    await open({ createRate: 3 });
    for (const workflow of ["Quick", "Sleeper", "Quick"]) expect(await create(workflow)).toMatchObject({ status: 200 });
    const refused = await create("Sleeper");
    expect(refused).toMatchObject(TOO_FAST);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(await api.store.statusCounts("Sleeper")).toEqual({ waiting: 1 });
    api.clock.advance(334);
    expect(await create("Sleeper")).toMatchObject({ status: 200 });
  });

  test("counts each workflow for itself, and each instance of a batch", async () => {
    await open({ createRate: 100, createRatePerWorkflow: 4 });
    expect(await batch("Quick", 3)).toMatchObject({ status: 200 });
    expect(await batch("Quick", 2)).toMatchObject(TOO_FAST);
    expect(await create("Quick")).toMatchObject({ status: 200 });
    expect(await create("Quick")).toMatchObject(TOO_FAST);
    expect(await create("Sleeper")).toMatchObject({ status: 200 });
  });

  test("lets a batch through that is larger than it, and tells how long that has to be paid for", async () => {
    await open({ createRatePerWorkflow: 10 });
    expect(await batch("Quick", 100)).toMatchObject({ status: 200 });
    const refused = await create("Quick");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "10"]);
  });

  test("counts restarts; what is refused for what it is costs nothing", async () => {
    await open({ createRate: 2 });
    for (const id of ["a b", "-", "batch"]) expect(await create("Quick", { instance_id: id })).toMatchObject({ status: 400 });
    await create("Sleeper", { instance_id: "s" });
    await api.reaches({ workflow: "Sleeper", id: "s" }, "waiting");
    const restart = (): Promise<Answer> => api.call("PATCH", "/workflows/Sleeper/instances/s/status", { status: "restart" });
    expect(await restart()).toMatchObject({ status: 200 });
    await api.reaches({ workflow: "Sleeper", id: "s" }, "waiting");
    expect(await restart()).toMatchObject(TOO_FAST);
    expect(await api.store.find("Sleeper", "s")).toMatchObject({ status: "waiting" });
  });

  test("a create or a batch above the rate rejects in user code with Cloudflare's error", async () => {
    await open({ createRate: 2 });
    const quick = api.binding("Quick");
    await quick.createBatch({ count: 2 });
    for (const refused of [quick.create(), quick.createBatch([{}]), quick.createBatch({ count: 1 })])
      await expect(refused).rejects.toThrow("(rate_limit.workflow_instance_creation) ");
    await expect(api.engine.create("Quick", [{}], "cron")).resolves.toMatchObject([{ trigger: "cron" }]);
  });
});

describe("queued instances", () => {
  test("may be so many and no more", async () => {
    await open({ maxRunning: 1, maxQueued: 3 });
    await create("Order", { instance_id: "o" });
    expect(await batch("Sleeper", 2)).toMatchObject({ status: 200 });
    expect(await batch("Sleeper", 2)).toMatchObject({
      status: 429,
      errors: [{ code: 10951, message: "workflows.api.error.instance.too_many_queued" }],
    });
    await api.quiet();
  });

  test("are counted exactly, also when many are asked for at once", async () => {
    await open({ maxRunning: 1, maxQueued: 3 });
    // One runs, and holds its place for as long as nothing more happens in this turn.
    const answers = await Promise.all(Array.from({ length: 10 }, () => create("Sleeper")));
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(4);
    expect((await api.store.statusCounts()).queued ?? 0).toBeLessThanOrEqual(3);
    expect(answers.find(({ status }) => status === 429)?.headers.get("retry-after")).toBe("1");
  });
});

test.each([
  ["a rate that is used up", { createRate: 1 }, 429],
  ["a queue that is full", { maxRunning: 1, maxQueued: 2 }, 429],
])("for %s a request is refused before it has been read", async (_, settings, status) => {
  await open(settings);
  const made: number[] = [];
  for (let i = 0; i < 4; i += 1) made.push((await create("Busy")).status);
  expect(made).toContain(status);
  const server = await api.listen();
  for (const path of ["", "/batch"]) {
    // Of a body that never comes the answer is the proof.
    const body = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode("{")) });
    const url = `${server.url}/client/v4/accounts/local/workflows/Busy/instances${path}`;
    const refused = await fetch(url, { method: "POST", body, duplex: "half" });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([status, "1"]);
  }
});

describe("1 MiB and not a byte more", () => {
  const MIB = LIMITS.valueBytes;

  test.each([
    [MIB, 200],
    [MIB + 1, 413],
  ])("params of %i bytes: %i", async (bytes, status) => {
    await open();
    expect((await create("Quick", { params: text(bytes) })).status).toBe(status);
    const made = api.binding("Quick").create({ params: text(bytes) });
    if (status === 200) expect((await made).id).toMatch(/./);
    else await expect(made).rejects.toThrow("(instance.too_large)");
  });

  test.each([
    [MIB, 200],
    [MIB + 1, 413],
  ])("an event of %i bytes: %i", async (bytes, status) => {
    await open();
    await create("Order", { instance_id: "o" });
    expect(
      (await api.call("POST", "/workflows/Order/instances/o/events/approve", text(bytes).replace(/^.*$/, '"$&"'))).status,
    ).toBe(status);
  });

  test.each([
    [MIB, 200],
    [MIB + 1, 413],
  ])("%i line feeds, which are twice as long as JSON: %i", async (count, status) => {
    await open();
    const lines = "\n".repeat(count);
    expect((await create("Order", { instance_id: "o", params: lines })).status).toBe(status);
    expect((await create("Order", { instance_id: "p" })).status).toBe(200);
    expect((await api.call("POST", "/workflows/Order/instances/p/events/approve", JSON.stringify(lines))).status).toBe(status);
  });

  test.each([
    [MIB, true],
    [MIB + 1, false],
  ])("%i bytes over a binding, as params, in a batch and as an event: %s", async (count, isTaken) => {
    await open();
    const order = api.binding("Order");
    const params = new Uint8Array(count);
    await order.create({ id: "o" });
    const done = await Promise.allSettled([
      order.create({ params }),
      order.createBatch([{ params }]),
      order.get("o").then((instance) => instance.sendEvent({ type: "approve", payload: params })),
    ]);
    expect(done.map(({ status: each }) => each === "fulfilled")).toEqual(done.map(() => isTaken));
  });

  test.each([
    ["Large", MIB, "complete"],
    ["Large", MIB + 1, "errored"],
    ["Returns", MIB, "complete"],
    ["Returns", MIB + 1, "errored"],
  ] as const)("what %s returns, %i bytes: %s", async (workflow, size, status) => {
    await open();
    await create(workflow, { instance_id: "r", params: { size } });
    await api.reaches({ workflow, id: "r" }, status);
    const last = await api.last({ workflow, id: "r" });
    if (status === "errored") expect(last).toMatchObject({ error: { message: expect.stringContaining("1MiB") as string } });
  });
});

describe("steps of an instance", () => {
  test.each([
    [7, "complete"],
    [8, "errored"],
  ] as const)("%i of 7: %s", async (steps, status) => {
    await open();
    const body = { class_name: "Steps", script_name: "script", limits: { steps: 7 } };
    expect(await api.call("PUT", "/workflows/Steps", body)).toMatchObject({ status: 200 });
    await create("Steps", { instance_id: "s", params: { steps } });
    await api.reaches({ workflow: "Steps", id: "s" }, status);
    const text7 = "The limit of 7 steps has been reached. This limit can be changed in your worker configuration.";
    if (status === "errored")
      expect(await api.last({ workflow: "Steps", id: "s" })).toMatchObject({
        error: { message: expect.stringContaining(text7) as string },
      });
  });

  test.each([
    [LIMITS.stepsCeiling, 200],
    [LIMITS.stepsCeiling + 1, 400],
  ])("a workflow may ask for %i: %i", async (steps, status) => {
    await open();
    expect(
      (await api.call("PUT", "/workflows/Steps", { class_name: "Steps", script_name: "script", limits: { steps } })).status,
    ).toBe(status);
  });

  test.each([
    ["", "complete"],
    ["n".repeat(LIMITS.stepName), "complete"],
    ["n".repeat(LIMITS.stepName + 1), "errored"],
    ["tab\t", "errored"],
  ] as const)("named %.12j: %s", async (name, status) => {
    await open();
    await create("Named", { instance_id: "n", params: { name } });
    await api.reaches({ workflow: "Named", id: "n" }, status);
  });
});

describe("names", () => {
  test.each([
    [LIMITS.workflowName, 200],
    [LIMITS.workflowName + 1, 400],
  ])("a workflow's of %i characters: %i", async (length, status) => {
    await open();
    const put = await api.call("PUT", `/workflows/${"w".repeat(length)}`, { class_name: "Quick", script_name: "script" });
    expect(put.status).toBe(status);
  });

  test.each([
    [LIMITS.instanceId, 200],
    [LIMITS.instanceId + 1, 400],
  ])("an id of %i characters: %i", async (length, status) => {
    await open();
    expect((await create("Quick", { instance_id: "i".repeat(length) })).status).toBe(status);
  });

  test.each([
    [LIMITS.instanceAddress, 404],
    [LIMITS.instanceAddress + 1, 400],
  ])("an address of %i characters: %i", async (length, status) => {
    await open();
    expect((await api.call("GET", `/workflows/Quick/instances/${"i".repeat(length)}`)).status).toBe(status);
  });

  test.each([
    [LIMITS.eventType, 200],
    [LIMITS.eventType + 1, 400],
  ])("an event's type of %i characters: %i", async (length, status) => {
    await open();
    await create("Order", { instance_id: "o" });
    expect((await api.call("POST", `/workflows/Order/instances/o/events/${"t".repeat(length)}`, "1")).status).toBe(status);
    const sent = api.engine.sendEvent({ workflow: "Order", id: "o" }, "t".repeat(length), encode(1));
    if (status === 200) await sent;
    else await expect(sent).rejects.toMatchObject({ failure: "workflow.invalid_event_type" });
  });
});

describe("time", () => {
  const SPENT = "longer than the maximum of 366 days";

  test.each([
    [LIMITS.waitMs, LIMITS.retries, ["begun", "begun", "ended"]],
    [
      LIMITS.waitMs + 1,
      LIMITS.retries + 1,
      [expect.stringContaining(SPENT), expect.stringContaining("0 to 366 days"), expect.any(String)],
    ],
  ])("a sleep and a wait of %i ms, a step with %i retries", async (ms, retries, ends) => {
    await open();
    await create("Waits", { instance_id: "w", params: { ms, retries } });
    for (let turn = 0; turn < 10; turn += 1) {
      await api.quiet();
      api.clock.advance(10);
    }
    await api.reaches({ workflow: "Waits", id: "w" }, "complete");
    const { output } = (await api.last({ workflow: "Waits", id: "w" })) as unknown as { output: string };
    const seen = JSON.parse(output) as string[];
    expect(seen).toEqual(ends);
    expect(seen[2] === "ended").toBe(retries <= LIMITS.retries);
  });

  test.each([
    [LIMITS.delayFunctionMs - 1, "complete"],
    [LIMITS.delayFunctionMs, "errored"],
  ] as const)("a delay function that takes %i ms: %s", async (ms, status) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      await open();
      await create("Delayed", { instance_id: "d" });
      while (answers.length === 0) await api.quiet();
      vi.advanceTimersByTime(ms);
      answers.pop()?.(0);
      await api.reaches({ workflow: "Delayed", id: "d" }, status);
    } finally {
      vi.useRealTimers();
    }
  });

  test.each([
    [LIMITS.retentionMs, 200],
    [LIMITS.retentionMs + 1, 400],
  ])("an instance is kept for %i ms: %i", async (ms, status) => {
    await open();
    const retention = { success_retention: ms, error_retention: ms };
    expect((await create("Quick", { instance_retention: retention })).status).toBe(status);
  });
});

describe("what is deployed", () => {
  const put = (body: object): Promise<Answer> =>
    api.call("PUT", "/workflows/Quick", { class_name: "Quick", script_name: "script", ...body });
  const crons = (length: number): { cron: string }[] =>
    Array.from({ length }, (_, i) => ({ cron: `${i % 60} ${Math.floor(i / 60)} * * *` }));

  test.each([
    // Among them there is none of that name: that is said of those that may have it.
    [LIMITS.scriptName, 10007],
    [LIMITS.scriptName + 1, 10002],
  ])("a script's name of %i characters: %i", async (length, code) => {
    await open();
    expect(await put({ script_name: "s".repeat(length) })).toMatchObject({ errors: [{ code }] });
  });

  test.each([
    [LIMITS.schedules, undefined],
    [LIMITS.schedules + 1, "workflow.too_many_schedules"],
    [LIMITS.schedulesAtOnce, "workflow.too_many_schedules"],
    [LIMITS.schedulesAtOnce + 1, "body"],
  ])("%i schedules: %s", async (length, failure) => {
    await open();
    const { errors } = await put({ schedules: crons(length) });
    if (failure === undefined) expect(errors).toEqual([]);
    else expect(errors).toMatchObject([{ message: expect.stringContaining(failure) as string }]);
  });

  test.each([
    ["triggers", LIMITS.triggers, 200],
    ["triggers", LIMITS.triggers + 1, 400],
    ["targets", LIMITS.triggerTargets, 200],
    ["targets", LIMITS.triggerTargets + 1, 400],
    ["filter", LIMITS.triggerFilter, 200],
    ["filter", LIMITS.triggerFilter + 1, 400],
  ])("%s: %i: %i", async (what, size, status) => {
    await open();
    const target = { type: "workflow", script_name: "script", workflow_name: "Quick" };
    const trigger = {
      type: "cf.artifacts.push",
      filter: { repo: "x".repeat(what === "filter" ? size : 1) },
      targets: Array.from({ length: what === "targets" ? size : 1 }, () => target),
    };
    const body = Array.from({ length: what === "triggers" ? size : 1 }, () => trigger);
    expect((await api.call("PUT", "/triggers/script", body)).status).toBe(status);
  });
});

describe("how deep values may be nested", () => {
  const deep = (levels: number): unknown => {
    let value: unknown = "core";
    for (let i = 0; i < levels; i += 1) value = i % 2 === 0 ? [value] : { value };
    return value;
  };

  /** What is asked for wherever values are shown. */
  const shown = async (workflow: string, id: string): Promise<number[]> => {
    const paths = [`/workflows/${workflow}/instances/${id}`, `/workflows/${workflow}/instances`];
    const answers = await Promise.all(paths.map((path) => api.call("GET", path)));
    const own = await api.send("GET", `/api/v1/workflows/${workflow}/instances/${id}/timeline`);
    const events = await api.send("GET", `/client/v4/accounts/local/workflows/${workflow}/instances/${id}/subscribe`, undefined, {
      accept: "text/event-stream",
    });
    expect((await events.text()).length).toBeGreaterThan(0);
    return [...answers.map(({ status }) => status), own.status];
  };

  test.each([
    [LIMITS.valueDepth, 200],
    [LIMITS.valueDepth + 1, 400],
    [6_000, 400],
    [50_000, 400],
  ])("params and events of %i levels: %i, and what is taken is shown", async (levels, status) => {
    await open();
    const json = JSON.stringify({ instance_id: "d", params: null }).replace("null", textOf(levels));
    const made = await api.call("POST", "/workflows/Quick/instances", json);
    expect(made.status).toBe(status);
    expect((await api.call("POST", "/workflows/Quick/instances/batch", `[${json.replace('"d"', '"e"')}]`)).status).toBe(status);
    const local = await api.local("POST", "/workflows/Quick/instances", `{"id":"l","params":${textOf(levels)}}`);
    expect(local.status).toBe(status);
    await create("Order", { instance_id: "o" });
    for (const call of ["call", "local"] as const)
      expect((await api[call]("POST", "/workflows/Order/instances/o/events/approve", textOf(levels))).status).toBe(status);
    if (status === 400) return expect(JSON.stringify(made.errors)).toMatch(/(params|body): .*deeper than \d+ levels/);
    await api.reaches({ workflow: "Quick", id: "d" }, "complete");
    expect(await shown("Quick", "d")).toEqual([200, 200, 200]);
  });

  test("the field is named, that of a batch with its place", async () => {
    await open();
    const params = deep(LIMITS.valueDepth + 1);
    expect(JSON.stringify((await create("Quick", { params })).errors)).toContain("params: The value is nested deeper");
    const batched = await api.call("POST", "/workflows/Quick/instances/batch", [{}, { params }]);
    expect(JSON.stringify(batched.errors)).toContain("[1].params: The value is nested deeper");
    expect(await api.store.statusCounts("Quick")).toEqual({});
  });

  test.each([
    [LIMITS.valueDepth, true],
    [LIMITS.valueDepth + 1, false],
    [3_000, false],
  ])("a binding takes %i levels: %s", async (levels, isTaken) => {
    await open();
    const calls = [
      (): Promise<unknown> => api.binding("Quick").create({ id: "d", params: deep(levels) }),
      (): Promise<unknown> => api.binding("Quick").createBatch([{ id: "e", params: deep(levels) }]),
      async (): Promise<unknown> => (await api.binding("Order").create()).sendEvent({ type: "approve", payload: deep(levels) }),
    ];
    for (const call of calls) {
      const made = Promise.resolve().then(call);
      if (isTaken) await made;
      else await expect(made).rejects.toThrow(/nested deeper than \d+ levels/);
    }
  });

  test.each([
    ["DeepStep", LIMITS.valueDepth, "complete"],
    ["DeepStep", 6_000, "errored"],
    ["DeepReturn", LIMITS.valueDepth, "complete"],
    ["DeepReturn", 6_000, "errored"],
  ] as const)("%s of %i levels: %s, and is shown", async (workflow, size, status) => {
    await open();
    await create(workflow, { instance_id: "d", params: { size } });
    await api.reaches({ workflow, id: "d" }, status);
    expect(await shown(workflow, "d")).toEqual([200, 200, 200]);
    if (status === "errored")
      expect(await api.last({ workflow, id: "d" })).toMatchObject({
        error: { message: expect.stringContaining("nested deeper than 500 levels") as string },
      });
  });

  test("params stored before the depth limit are replaced by a note", async () => {
    await open();
    await api.engine.create("Sleeper", [{ id: "old", params: textOf(6_000) }], "api");
    expect(await shownParams("old")).toBe("[Nested deeper than 500 levels]");
    expect((await api.local("GET", "/workflows/Sleeper/instances/old")).status).toBe(200);
  });

  const shownParams = async (id: string): Promise<unknown> =>
    ((await api.call("GET", `/workflows/Sleeper/instances/${id}`)) as { result: { params: unknown } }).result.params;

  const textOf = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
});
