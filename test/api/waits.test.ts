/** What an instance waits for, over REST, and the ways to help it that are ours. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { WorkflowStep } from "../../src/runtime/cloudflare/workers.ts";
import { openApi, type ApiBench } from "../support/api.ts";

class Napping {
  async run(_: unknown, step: WorkflowStep): Promise<string> {
    await step.sleep("nap", "1 day");
    return "rested";
  }
}

class Working {
  run(_: unknown, step: WorkflowStep): Promise<unknown> {
    return step.do("work", () => new Promise(() => {}));
  }
}

let api: ApiBench;
beforeEach(async () => {
  api = await openApi({ Napping, Working });
});
afterEach(() => api.close());

async function own(method: string, path: string, body?: unknown): Promise<{ status: number; result: unknown; code: unknown }> {
  const response = await api.send(method, `/api/v1/workflows/${path}`, body);
  const { result, errors } = (await response.json()) as { result: unknown; errors: { code: number }[] };
  return { status: response.status, result, code: errors[0]?.code };
}

test("a sleep is listed with the time at which it ends, and ends when its delay is skipped", async () => {
  await api.call("POST", "/workflows/Napping/instances", { instance_id: "n" });
  await api.reaches({ workflow: "Napping", id: "n" }, "waiting");
  const due = api.clock.now() + 86_400_000;
  expect(await own("GET", "Napping/instances/n/waits")).toMatchObject({
    status: 200,
    result: { status: "waiting", steps: [{ type: "sleep", name: "nap-1", due }], place: null, paused_for: null },
  });
  expect((await own("POST", "Napping/instances/n/skip-delay", { name: "nap", type: "sleep" })).status).toBe(200);
  api.clock.advance(0);
  await api.reaches({ workflow: "Napping", id: "n" }, "complete");
  expect(await own("POST", "Napping/instances/n/skip-delay", { name: "nap", type: "sleep" })).toMatchObject({
    status: 409,
    code: 11060,
  });
  expect((await api.call("GET", "/workflows/Napping/instances/n")).result).toMatchObject({ steps: [{ finished: true }] });
});

test("an invalid request, and one for a missing instance or workflow, is refused", async () => {
  expect((await own("GET", "Napping/instances/missing/waits")).status).toBe(404);
  expect((await own("GET", "Nothing/instances/n/waits")).status).toBe(404);
  expect((await own("POST", "Napping/instances/missing/skip-delay", { name: "nap" })).status).toBe(404);
  expect((await own("POST", "Napping/instances/missing/skip-delay", {})).status).toBe(400);
  for (const limit of [0, 1.5, "2"]) expect((await own("PATCH", "Working/concurrency", { limit })).status).toBe(400);
  expect((await own("PATCH", "Nothing/concurrency", { limit: 1 })).status).toBe(404);
});

test("an instance queued behind a limit names it, and starts when it is raised; other settings of the workflow stay", async () => {
  const settings = { class_name: "Working", script_name: "script", limits: { steps: 50 }, concurrency: { limit: 1 } };
  await api.call("PUT", "/workflows/Working", settings);
  for (const id of ["a", "b"]) await api.call("POST", "/workflows/Working/instances", { instance_id: id });
  await api.happens({ workflow: "Working", id: "a" }, "attempt_started");
  expect(await own("GET", "Working/instances/b/waits")).toMatchObject({
    result: { status: "queued", place: { of: "workflow", limit: 1, taken: 1 } },
  });
  expect(await own("PATCH", "Working/concurrency", { limit: 2 })).toMatchObject({ status: 200, result: { limit: 2 } });
  await api.happens({ workflow: "Working", id: "b" }, "attempt_started");
  const kept = async (): Promise<unknown> => {
    const workflow = await api.catalog.workflow("Working");
    return (await api.catalog.workflowVersion(workflow?.versionId ?? ""))?.settings;
  };
  expect(await kept()).toEqual({ limits: { steps: 50 }, concurrency: { limit: 2 } });
  await own("PATCH", "Working/concurrency", { limit: null });
  expect(await kept()).toEqual({ limits: { steps: 50 } });
});
