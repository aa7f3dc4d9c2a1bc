/** Rollback and restart from a step as clients see them: REST, wrangler's local API, the binding, the event stream. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { WorkflowStep } from "../../src/runtime/cloudflare/workers.ts";
import { openApi, type ApiBench } from "../support/api.ts";

let api: ApiBench;
let failures = 0;

/** Reserves and charges; both can be undone, the charge only after as many failures as the test wants. */
class Order {
  async run(event: { payload: { fails?: boolean } }, step: WorkflowStep): Promise<unknown> {
    await step.do("reserve", { sensitive: "output" }, () => "secret", { rollback: () => {} });
    await step.do("charge", () => 5, {
      rollbackConfig: { retries: { limit: 1, delay: "1 minute", backoff: "constant" }, timeout: "5 seconds" },
      rollback: ({ ctx }) => {
        if (ctx.attempt <= failures) throw new TypeError("bank closed");
      },
    });
    if (event.payload.fails === true) throw new RangeError("out of stock");
    await step.sleep("nap", "1 hour");
    return "shipped";
  }
}

const order = { workflow: "Order", id: "o" };
const INSTANCE = "/workflows/Order/instances/o";
const MINUTE = 60_000;

beforeEach(async () => {
  failures = 0;
  api = await openApi({ Order });
});
afterEach(() => api.close());

async function create(fails: boolean): Promise<void> {
  await api.call("POST", "/workflows/Order/instances", { instance_id: "o", params: { fails } });
  await (fails ? api.happens(order, "rollback_started") : api.reaches(order, "waiting"));
}

describe("rollback", () => {
  test("is in the log: an entry a handler, and how it ended", async () => {
    await create(true);
    await api.reaches(order, "errored");
    const { result } = await api.call("GET", INSTANCE);
    expect(result).toMatchObject({
      status: "errored",
      success: false,
      error: { name: "RangeError", message: "out of stock" },
      rollback: { outcome: "complete", error: null },
      step_count: 2,
      steps: [
        { type: "step", name: "reserve-1", output: "[REDACTED]" },
        { type: "step", name: "charge-1", output: "5" },
        {
          type: "rollback",
          name: "charge-1",
          success: true,
          output: null,
          end: "2026-01-01T00:00:00.000Z",
          config: { retries: { limit: 1, delay: "1 minute", backoff: "constant" }, timeout: "5 seconds" },
          attempts: [{ success: true, error: null }],
        },
        { type: "rollback", name: "reserve-1", success: true },
      ],
    });
  });

  test("a rollback shows its status while it runs and after it fails", async () => {
    failures = 2;
    await create(true);
    await api.happens(order, "rollback_attempt_errored");
    const during = (await api.call("GET", INSTANCE)).result as { steps: unknown[] };
    expect(during).toMatchObject({ status: "rollingBack", rollback: null, success: null, end: null, error: null });
    expect(during.steps.at(-1)).toMatchObject({ type: "rollback", success: null, end: null, attempts: [{ success: false }] });
    expect((await api.call("GET", "/workflows/Order/instances?status=rollingBack")).result).toMatchObject([{ id: "o" }]);
    expect((await api.call("GET", "/workflows/Order")).result).toMatchObject({ instances: { rollingBack: 1 } });
    expect(await (await api.binding("Order").get("o")).status()).toEqual({ status: "running" });
    expect((await api.local("GET", INSTANCE)).result).toMatchObject({ status: "rollingBack" });
    api.clock.advance(MINUTE);
    await api.reaches(order, "errored");
    const error = { name: "TypeError", message: "bank closed" };
    const after = (await api.call("GET", INSTANCE)).result as { steps: unknown[] };
    expect(after).toMatchObject({ rollback: { outcome: "failed", error } });
    expect(after.steps.at(-1)).toMatchObject({ type: "rollback", name: "charge-1", success: false });
    expect(await (await api.binding("Order").get("o")).status()).toEqual({
      status: "errored",
      error: { name: "RangeError", message: "out of stock" },
      rollback: { outcome: "failed", error },
    });
    // The step's own output is what it was.
    expect((await api.call("GET", `${INSTANCE}/step?name=charge-1&type=step`)).result).toMatchObject({
      status: "complete",
      output: 5,
    });
  });

  test.each<[string, () => Promise<unknown>]>([
    ["REST", async () => (await api.call("PATCH", `${INSTANCE}/status`, { status: "terminate", rollback: true })).result],
    ["the local API", () => api.local("PATCH", `${INSTANCE}/status`, { status: "terminate", rollback: true })],
    ["the binding", async () => (await api.binding("Order").get("o")).terminate({ rollback: true })],
  ])("is what terminate does when it is asked to over %s", async (_, terminate) => {
    await create(false);
    const answer = await terminate();
    if (_ === "REST") expect(answer).toMatchObject({ status: "rollingBack" });
    await api.reaches(order, "terminated");
    const { result } = await api.call("GET", INSTANCE);
    expect(result).toMatchObject({ status: "terminated", rollback: { outcome: "complete", error: null } });
    expect((result as { steps: { type: string }[] }).steps.map(({ type }) => type)).toEqual([
      "step",
      "step",
      "sleep",
      "rollback",
      "rollback",
      "termination",
    ]);
  });

  test("rollback events are sent to subscribers in order, without internal fields", async () => {
    failures = 1;
    await create(true);
    await api.happens(order, "rollback_attempt_errored");
    api.clock.advance(MINUTE);
    await api.reaches(order, "errored");
    const headers = { accept: "text/event-stream" };
    const text = await (await api.send("GET", `/client/v4/accounts/local${INSTANCE}/subscribe`, undefined, headers)).text();
    const events = Array.from(text.matchAll(/^data: (.*)$/gm), ([, json = ""]) => JSON.parse(json) as { type: string });
    const begin = events.findIndex(({ type }) => type === "rollback_started");
    const common = { instanceId: "o", eventId: expect.any(Number) as unknown, timestamp: expect.any(Number) as unknown };
    const charge = { ...common, stepName: "charge-1" };
    const config = { retries: { limit: 1, delay: "1 minute", backoff: "constant" }, timeout: "5 seconds" };
    expect(events.slice(begin, begin + 7)).toEqual([
      { ...common, type: "rollback_started" },
      { ...charge, type: "rollback_step_started", config },
      { ...charge, type: "rollback_attempt_started", attempt: 1 },
      {
        ...charge,
        type: "rollback_attempt_errored",
        attempt: 1,
        error: { name: "TypeError", message: "bank closed" },
        retryDelayMs: MINUTE,
      },
      { ...charge, type: "rollback_attempt_started", attempt: 2 },
      { ...charge, type: "rollback_attempt_completed", attempt: 2 },
      { ...charge, type: "rollback_step_completed" },
    ]);
    expect(events.slice(-2).map(({ type }) => type)).toEqual(["rollback_completed", "workflow_errored"]);
  });

  test.each([["step"], [{ rollback: "yes" }]])("terminate(%j) is refused by the binding", async (options) => {
    await create(false);
    await expect((await api.binding("Order").get("o")).terminate(options as never)).rejects.toThrow("(body)");
    expect((await api.engine.summary(order)).status).toBe("waiting");
  });
});

describe("restart from a step", () => {
  const from = { name: "charge" };

  test.each<[string, () => Promise<unknown>]>([
    ["REST", () => api.call("PATCH", `${INSTANCE}/status`, { status: "restart", from })],
    [
      "the local API",
      () => api.local("PATCH", `${INSTANCE}/status`, { status: "restart", from: { ...from, count: 1, type: "do" } }),
    ],
    ["the local API as it was", () => api.local("PATCH", `${INSTANCE}/status`, { action: "restart", from })],
    ["the binding", async () => (await api.binding("Order").get("o")).restart({ from })],
  ])("keeps what came before, over %s", async (_, restart) => {
    failures = 2;
    await create(true);
    await api.happens(order, "rollback_attempt_errored");
    api.clock.advance(MINUTE);
    await api.reaches(order, "errored");
    failures = 0;
    await restart();
    await api.happens(order, "rollback_completed");
    await api.reaches(order, "errored");
    const { result } = await api.call("GET", INSTANCE);
    expect(result).toMatchObject({
      queued: "2026-01-01T00:01:00.000Z",
      start: "2026-01-01T00:01:00.000Z",
      rollback: { outcome: "complete" },
      steps: [
        { type: "step", name: "reserve-1", start: "2026-01-01T00:00:00.000Z", output: "[REDACTED]" },
        { type: "step", name: "charge-1", start: "2026-01-01T00:01:00.000Z" },
        { type: "rollback", name: "charge-1", success: true },
        { type: "rollback", name: "reserve-1", success: true },
      ],
    });
  });

  test("shows nothing of the steps that it wiped", async () => {
    await create(false);
    await api.engine.pause(order);
    expect((await api.call("PATCH", `${INSTANCE}/status`, { status: "restart", from })).result).toMatchObject({
      status: "queued",
    });
    await api.reaches(order, "waiting");
    await api.engine.pause(order);
    await api.engine.restart(order, { kind: "do", name: "reserve", count: 1 });
    await api.engine.pause(order);
    const query = async (name: string): Promise<number> =>
      (await api.call("GET", `${INSTANCE}/step?name=${name}-1&type=step`)).status;
    expect((await api.call("GET", INSTANCE)).result).toMatchObject({ step_count: 0, steps: [] });
    expect([await query("reserve"), await query("charge")]).toEqual([404, 404]);
  });

  test("keeps full outputs of what came before, and secrets secret", async () => {
    await create(false);
    await api.engine.restart(order, { kind: "sleep", name: "nap", count: 1 });
    await api.reaches(order, "waiting");
    expect((await api.call("GET", `${INSTANCE}/step?name=charge-1&type=step`)).result).toMatchObject({ output: 5 });
    expect((await api.call("GET", `${INSTANCE}/step?name=reserve-1&type=step`)).result).toMatchObject({ output: "[REDACTED]" });
  });

  test("is refused for a step that never was, with a code of its own", async () => {
    await create(false);
    const answer = await api.call("PATCH", `${INSTANCE}/status`, { status: "restart", from: { name: "ship", type: "sleep" } });
    expect(answer).toMatchObject({
      status: 409,
      errors: [{ code: 10402, message: "workflows.api.error.instance.cannot_restart" }],
    });
    expect(answer.headers.get("x-should-retry")).toBe("false");
    await expect((await api.binding("Order").get("o")).restart({ from: { name: "ship" } })).rejects.toThrow(
      '(instance.cannot_restart) Step "ship" not found in execution history',
    );
    expect((await api.engine.summary(order)).status).toBe("waiting");
  });

  test.each([
    [{ from: { name: "" } }, "from.name"],
    [{ from: { name: "a", count: 0 } }, "from.count"],
    [{ from: { name: "a", type: "step" } }, "from.type"],
    [{ from: "a" }, "from"],
  ])("%j is refused", async (options, field) => {
    await create(false);
    await expect((await api.binding("Order").get("o")).restart(options as never)).rejects.toMatchObject({ field });
    const local = await api.local("PATCH", `${INSTANCE}/status`, { status: "restart", ...options });
    expect(local).toMatchObject({ status: 400 });
    expect((await api.engine.summary(order)).status).toBe("waiting");
  });
});
