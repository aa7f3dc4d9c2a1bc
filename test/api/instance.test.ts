/** One instance over REST: its log, its steps in full, its status, its events. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openApi, type ApiBench } from "../support/api.ts";
import { Doomed, LONG, Order, Quick, Secretive, Sleeper, Streaming } from "../support/workflows.ts";

let api: ApiBench;

beforeEach(async () => {
  api = await openApi({ Order, Quick, Sleeper, Secretive, Doomed, Streaming });
});
afterEach(() => api.close());

const order = { workflow: "Order", id: "o-1" };
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

async function createOrder(): Promise<void> {
  await api.call("POST", "/workflows/Order/instances", { instance_id: "o-1", params: { item: "tea" } });
  await api.happens(order, "attempt_errored");
}

async function completeOrder(): Promise<void> {
  await createOrder();
  api.clock.advance(MINUTE);
  await api.happens(order, "sleep_started");
  api.clock.advance(HOUR);
  await api.happens(order, "wait_started");
  await api.call("POST", "/workflows/Order/instances/o-1/events/approve", { by: "Ada" });
  await api.reaches(order, "complete");
}

describe("a stream", () => {
  const get = (name: string): Promise<Response> =>
    api.send(
      "GET",
      `/client/v4/accounts/local/workflows/Streaming/instances/s-1/step?type=step&name=${encodeURIComponent(name)}`,
    );

  test("is answered as it is, and shown by its beginning", async () => {
    await api.call("POST", "/workflows/Streaming/instances", { instance_id: "s-1" });
    await api.reaches({ workflow: "Streaming", id: "s-1" }, "complete");
    const response = await get("page-1");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/octet-stream");
    expect(response.headers.get("content-length")).toBe(String(LONG.length));
    expect(await response.text()).toBe(LONG);
    expect(await (await get("secret page-1")).json()).toMatchObject({ result: { status: "complete", output: "[REDACTED]" } });
    const { result } = await api.call("GET", "/workflows/Streaming/instances/s-1");
    expect(result).toMatchObject({
      steps: [{ output: `${"x".repeat(1_024)}[truncated output]` }, { output: "[REDACTED]" }],
    });
  });
});

describe("the log", () => {
  test("of a finished instance has everything in order", async () => {
    await completeOrder();
    const { result } = await api.call("GET", "/workflows/Order/instances/o-1");
    expect(result).toMatchObject({
      status: "complete",
      params: { item: "tea" },
      trigger: { source: "api" },
      versionId: "Order-v1",
      queued: "2026-01-01T00:00:00.000Z",
      start: "2026-01-01T00:00:00.000Z",
      end: "2026-01-01T01:01:00.000Z",
      success: true,
      error: null,
      output: JSON.stringify({ item: "tea", by: "Ada" }),
      rollback: null,
      step_count: 4,
      steps: [
        {
          type: "step",
          name: "reserve-1",
          success: true,
          config: { retries: { limit: 5, delay: 10_000, backoff: "exponential" }, timeout: "10 minutes" },
        },
        {
          type: "step",
          name: "charge-1",
          success: true,
          output: "2",
          attempts: [
            { success: false, end: "2026-01-01T00:00:00.000Z", error: { name: "TypeError", message: "card refused" } },
            { success: true, start: "2026-01-01T00:01:00.000Z", error: null },
          ],
        },
        {
          type: "sleep",
          name: "cool off-1",
          start: "2026-01-01T00:01:00.000Z",
          end: "2026-01-01T01:01:00.000Z",
          finished: true,
          error: null,
        },
        { type: "waitForEvent", name: "approval-1", event_type: "approve", finished: true, output: `{"by":"Ada"}` },
      ],
    });
    expect(result).not.toHaveProperty("id");
  });

  test("cuts outputs after 1,024 characters, and says so", async () => {
    await createOrder();
    const { result } = await api.call("GET", "/workflows/Order/instances/o-1");
    const [{ output }] = (result as { steps: [{ output: string }] }).steps;
    expect(output).toHaveLength(1_024 + "[truncated output]".length);
    expect(output.endsWith("[truncated output]")).toBe(true);
  });

  test("shows planned ends while an instance waits", async () => {
    await createOrder();
    api.clock.advance(MINUTE);
    await api.happens(order, "workflow_waiting", 2);
    const sleeping = await api.call("GET", "/workflows/Order/instances/o-1");
    expect(sleeping.result).toMatchObject({ status: "waiting", end: null, success: null, output: null });
    expect((sleeping.result as { steps: unknown[] }).steps.at(-1)).toMatchObject({
      finished: false,
      end: "2026-01-01T01:01:00.000Z",
    });
  });

  test("can be turned round, or left short", async () => {
    await completeOrder();
    const names = async (query: string): Promise<string[]> => {
      const { result } = await api.call("GET", `/workflows/Order/instances/o-1${query}`);
      return (result as { steps: { name: string }[] }).steps.map(({ name }) => name);
    };
    expect(await names("")).toEqual(["reserve-1", "charge-1", "cool off-1", "approval-1"]);
    expect(await names("?order=desc")).toEqual(["approval-1", "cool off-1", "charge-1", "reserve-1"]);
    expect(await names("?simple=true")).toEqual([]);
    expect((await api.call("GET", "/workflows/Order/instances/o-1?simple=true")).result).toMatchObject({ step_count: 4 });
  });

  test("of a terminated instance ends with its termination", async () => {
    await createOrder();
    await api.call("PATCH", "/workflows/Order/instances/o-1/status", { status: "terminate" });
    const { result } = await api.call("GET", "/workflows/Order/instances/o-1");
    expect(result).toMatchObject({ status: "terminated", success: false, step_count: 2 });
    expect((result as { steps: unknown[] }).steps.at(-1)).toEqual({ type: "termination", trigger: { source: "api" } });
  });

  test("of a failed instance has its error", async () => {
    await api.call("POST", "/workflows/Doomed/instances", { instance_id: "d" });
    await api.reaches({ workflow: "Doomed", id: "d" }, "errored");
    const { result } = await api.call("GET", "/workflows/Doomed/instances/d");
    expect(result).toMatchObject({
      status: "errored",
      success: false,
      error: { message: expect.stringContaining("no use") as string },
    });
  });
});

describe("the full output of a step", () => {
  const step = (query: string, path = "Order/instances/o-1"): ReturnType<ApiBench["call"]> =>
    api.call("GET", `/workflows/${path}/step?${query}`);

  test("is not cut", async () => {
    await createOrder();
    expect((await step("name=reserve-1&type=step")).result).toEqual({
      status: "complete",
      error: null,
      output: { item: "tea", note: LONG },
    });
  });

  test("of a step that is being tried again has the last error", async () => {
    await createOrder();
    const error = { name: "TypeError", message: "card refused" };
    expect((await step("name=charge-1&type=step")).result).toEqual({ status: "running", error, output: null });
    expect((await step("name=charge-1&type=step&attempt=1")).result).toEqual({ status: "errored", error, output: null });
  });

  test("of one attempt is its own", async () => {
    await completeOrder();
    expect((await step("name=charge-1&type=step&attempt=1")).result).toMatchObject({ status: "errored" });
    expect((await step("name=charge-1&type=step&attempt=2")).result).toEqual({ status: "complete", error: null, output: 2 });
    expect((await step("name=charge-1&type=step&attempt=3")).errors[0]?.code).toBe(10904);
  });

  test("of a wait is the event's payload", async () => {
    await completeOrder();
    expect((await step("name=approval-1&type=waitForEvent")).result).toEqual({
      status: "complete",
      error: null,
      output: { by: "Ada" },
      event_type: "approve",
    });
  });

  test("of a wait that lasts says what it waits for", async () => {
    await createOrder();
    api.clock.advance(MINUTE);
    await api.happens(order, "sleep_started");
    api.clock.advance(HOUR);
    await api.happens(order, "wait_started");
    expect((await step("name=approval-1&type=waitForEvent")).result).toEqual({
      status: "waiting",
      error: null,
      output: null,
      event_type: "approve",
    });
  });

  test("of a wait that timed out is an error", async () => {
    await createOrder();
    api.clock.advance(MINUTE);
    await api.happens(order, "sleep_started");
    api.clock.advance(HOUR);
    await api.happens(order, "wait_started");
    api.clock.advance(24 * HOUR);
    await api.reaches(order, "errored");
    const error = { name: "WorkflowTimeoutError", message: `Execution timed out after ${24 * HOUR}ms` };
    expect((await step("name=approval-1&type=waitForEvent")).result).toMatchObject({ status: "errored", error });
    expect((await api.call("GET", "/workflows/Order/instances/o-1")).result).toMatchObject({
      steps: expect.arrayContaining([expect.objectContaining({ name: "approval-1", error })]) as unknown[],
    });
  });

  test("the output of a sensitive step is redacted everywhere", async () => {
    await api.call("POST", "/workflows/Secretive/instances", { instance_id: "s" });
    await api.reaches({ workflow: "Secretive", id: "s" }, "complete");
    expect((await step("name=fetch%20key-1&type=step", "Secretive/instances/s")).result).toMatchObject({ output: "[REDACTED]" });
    const log = await api.send("GET", "/client/v4/accounts/local/workflows/Secretive/instances/s");
    const events = await api.send("GET", "/client/v4/accounts/local/workflows/Secretive/instances/s/subscribe", undefined, {
      accept: "text/event-stream",
    });
    const seen = (await log.text()) + (await events.text());
    expect(seen).toContain("[REDACTED]");
    expect(seen).not.toContain("hunter2");
  });

  test.each([
    ["name=reserve&type=step", 404, 10904, "name"],
    ["name=reserve-2&type=step", 404, 10904, "name"],
    ["name=reserve-1&type=waitForEvent", 404, 10904, "name"],
    ["name=cool%20off-1&type=step", 404, 10904, "name"],
    ["type=step", 400, 10002, "name"],
    ["name=&type=step", 400, 10002, "name"],
    ["name=reserve-1", 400, 10002, "type"],
    ["name=reserve-1&type=sleep", 400, 10002, "type"],
    ["name=reserve-1&type=step&attempt=0", 400, 10002, "attempt"],
    ["name=reserve-1&type=step&attempt=x", 400, 10002, "attempt"],
    ["name=reserve-1&name=charge-1&type=step", 400, 10002, "name"],
  ])("%s is refused", async (query, status, code, field) => {
    await createOrder();
    const answer = await step(query);
    expect(answer.status).toBe(status);
    expect(answer.errors[0]?.code).toBe(code);
    expect(answer.errors[0]?.error_chain[0]?.message).toMatch(new RegExp(`^${field}: `));
  });
});

describe("the status", () => {
  const change = (status: string, id = "s"): ReturnType<ApiBench["call"]> =>
    api.call("PATCH", `/workflows/Sleeper/instances/${id}/status`, { status });
  const sleeper = { workflow: "Sleeper", id: "s" };

  beforeEach(async () => {
    await api.call("POST", "/workflows/Sleeper/instances", { instance_id: "s" });
    await api.reaches(sleeper, "waiting");
  });

  test("goes through pause, resume, terminate and restart", async () => {
    expect((await change("pause")).result).toMatchObject({ status: "paused", timestamp: expect.stringMatching(/Z$/) as string });
    expect((await change("pause")).result).toMatchObject({ status: "paused" });
    expect((await change("resume")).result).toMatchObject({ status: "queued" });
    await api.reaches(sleeper, "waiting");
    expect((await change("terminate")).result).toMatchObject({ status: "terminated" });
    expect((await change("restart")).result).toMatchObject({ status: "queued" });
    await api.reaches(sleeper, "waiting");
  });

  test("an ended instance cannot be terminated, and the answer tells clients not to retry", async () => {
    await change("terminate");
    const answer = await change("terminate");
    expect(answer).toMatchObject({
      status: 409,
      errors: [{ code: 10401, message: "workflows.api.error.instance.cannot_terminate" }],
    });
    expect(answer.headers.get("x-should-retry")).toBe("false");
  });

  test.each([
    [{}, "status"],
    [{ status: "stop" }, "status"],
    [{ status: "terminate", rollback: "yes" }, "rollback"],
    [{ status: "restart", from: { name: "" } }, "from.name"],
    [{ status: "restart", from: { name: "nap", count: 0 } }, "from.count"],
    [{ status: "restart", from: { name: "nap", type: "step" } }, "from.type"],
    [[], "body"],
  ])("%j is refused", async (body, field) => {
    const answer = await api.call("PATCH", "/workflows/Sleeper/instances/s/status", body);
    expect(answer).toMatchObject({ status: 400, errors: [{ code: 10002 }] });
    expect(answer.errors[0]?.error_chain[0]?.message).toMatch(new RegExp(`^${field}: `));
    expect((await api.engine.summary(sleeper)).status).toBe("waiting");
  });
});

describe("events", () => {
  test("an event may be any JSON, and is kept until the instance waits for it", async () => {
    await createOrder();
    const { result } = await api.call("POST", "/workflows/Order/instances/o-1/events/approve", { by: "early" });
    expect(result).toMatchObject({ instanceId: "o-1" });
    api.clock.advance(MINUTE);
    await api.happens(order, "sleep_started");
    api.clock.advance(HOUR);
    await api.reaches(order, "complete");
    expect(await api.output(order)).toEqual({ item: "tea", by: "early" });
  });

  test.each([
    ["approve", "", 400, 10002],
    ["approve", "{", 400, 10002],
    ["approve", JSON.stringify("x".repeat(1024 * 1024 + 1)), 413, 10905],
    ["not%20ok", "{}", 400, 10906],
    ["a".repeat(101), "{}", 400, 10906],
  ])("of type %.20s are refused", async (type, body, status, code) => {
    await createOrder();
    const before = await api.kinds(order);
    expect(await api.call("POST", `/workflows/Order/instances/o-1/events/${type}`, body)).toMatchObject({
      status,
      errors: [{ code }],
    });
    expect(await api.kinds(order)).toEqual(before);
  });

  test("for an instance that has ended are refused", async () => {
    await completeOrder();
    const answer = await api.call("POST", "/workflows/Order/instances/o-1/events/approve", {});
    expect(answer).toMatchObject({ status: 409, errors: [{ code: 10903 }] });
  });
});

test("an instance that is deleted is gone, and its id is free", async () => {
  await createOrder();
  expect((await api.call("DELETE", "/workflows/Order/instances/o-1")).result).toMatchObject({ instanceId: "o-1" });
  expect(await api.call("GET", "/workflows/Order/instances/o-1")).toMatchObject({ status: 404, errors: [{ code: 10400 }] });
  expect(await api.call("DELETE", "/workflows/Order/instances/o-1")).toMatchObject({ status: 404, errors: [{ code: 10400 }] });
  await createOrder();
});
