/** Limits as clients meet them: the last value that passes, the first that does not, and what is said of it. */
import { afterEach, describe, expect, test } from "vitest";
import type { EngineSettings } from "../../src/engine/core.ts";
import { LIMITS } from "../../src/model/limits.ts";
import { encode } from "../../src/model/value.ts";
import type { WorkflowStep } from "../../src/runtime/cloudflare-workers.ts";
import { openGuard } from "../../src/server/auth.ts";
import { openApi, type Answer, type ApiBench } from "../support/api.ts";
import { Order, Quick, Sleeper } from "../support/workflows.ts";

type Event = { readonly payload: { readonly size?: number; readonly steps?: number; readonly name?: string } };

/** Text that is so many bytes long when it is encoded. */
const text = (bytes: number): string => "x".repeat(bytes - 2);

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

const classes = { Quick, Sleeper, Order, Large, Returns, Steps, Named };

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
  test("is not limited unless somebody asks for it", async () => {
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

  test("is told to user code in Cloudflare's words, of whole batches too", async () => {
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

describe("1 MiB, encoded, and not a byte more", () => {
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
