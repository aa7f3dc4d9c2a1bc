/** wrangler's local API: the same engine in other shapes. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { openApi, type ApiBench } from "../support/api.ts";
import { Quick, Sleeper } from "../support/workflows.ts";

let api: ApiBench;

beforeEach(async () => {
  api = await openApi({ Quick, Sleeper });
});
afterEach(() => api.close());

const sleeper = { workflow: "Sleeper", id: "s" };

async function create(): Promise<void> {
  expect((await api.local("POST", "/workflows/Sleeper/instances", { id: "s", params: { a: 1 } })).result).toEqual({ id: "s" });
  await api.reaches(sleeper, "waiting");
}

test("workflows have names and counts", async () => {
  await create();
  expect((await api.local("GET", "/workflows")).result).toEqual([
    { name: "Sleeper", class_name: "Sleeper", script_name: "script" },
    { name: "Quick", class_name: "Quick", script_name: "script" },
  ]);
  const { result } = await api.local("GET", "/workflows/Sleeper");
  expect(result).toMatchObject({ name: "Sleeper", instances: { waiting: 1, complete: 0 } });
  expect((result as { instances: object }).instances).not.toHaveProperty("rollingBack");
});

test("instances are listed by page, with counts", async () => {
  await create();
  expect(await api.local("GET", "/workflows/Sleeper/instances?page=1&per_page=1&status=waiting")).toMatchObject({
    result: [{ id: "s", status: "waiting", created_on: "2026-01-01T00:00:00.000Z" }],
    result_info: { page: 1, per_page: 1, total_count: 1, total_pages: 1, status_counts: { waiting: 1 } },
  });
  expect(await api.local("GET", "/workflows/Quick/instances")).toMatchObject({
    result: [],
    result_info: { per_page: 25, total_pages: 1 },
  });
});

test("an instance is created, read, changed, sent an event and deleted", async () => {
  await create();
  expect((await api.local("GET", "/workflows/Sleeper/instances/s")).result).toMatchObject({
    status: "waiting",
    params: { a: 1 },
    end: null,
    step_count: 1,
    steps: [{ type: "sleep", name: "nap-1" }],
  });
  expect((await api.local("PATCH", "/workflows/Sleeper/instances/s/status", { action: "pause" })).result).toEqual({
    success: true,
  });
  expect((await api.engine.summary(sleeper)).status).toBe("paused");
  expect((await api.local("PATCH", "/workflows/Sleeper/instances/s/status", { status: "terminate" })).result).toEqual({
    success: true,
  });
  expect((await api.local("PATCH", "/workflows/Sleeper/instances/s/status", { status: "restart" })).success).toBe(true);
  expect((await api.local("POST", "/workflows/Sleeper/instances/s/events/ping", {})).result).toEqual({ success: true });
  expect((await api.local("DELETE", "/workflows/Sleeper/instances/s")).result).toEqual({ success: true });
  await create();
  expect((await api.local("POST", "/workflows/Sleeper/instances/batch/delete", { instances: ["s", "t"] })).result).toMatchObject({
    deleted: [{ id: "s" }],
    errors: [{ id: "t" }],
  });
});

test("a workflow that is deleted only loses its instances", async () => {
  await create();
  expect((await api.local("DELETE", "/workflows/Sleeper")).result).toEqual({ status: "ok", success: true });
  await expect.poll(() => api.store.statusCounts("Sleeper")).toEqual({});
  expect((await api.local("GET", "/workflows/Sleeper")).success).toBe(true);
});

test("a missing workflow has an error code of its own, all other errors share one", async () => {
  expect(await api.local("GET", "/workflows/Missing")).toMatchObject({
    status: 404,
    errors: [{ code: 10501, message: "Workflow 'Missing' not found." }],
  });
  expect(await api.local("GET", "/workflows/Sleeper/instances/x")).toMatchObject({
    status: 404,
    errors: [{ code: 10501, message: "Workflow instance 'x' not found." }],
  });
  expect(await api.local("PATCH", "/workflows/Sleeper/instances/x/status", {})).toMatchObject({
    status: 400,
    errors: [{ code: 10001 }],
  });
  expect(await api.local("POST", "/workflows/Sleeper/instances", { id: "a b" })).toMatchObject({
    status: 400,
    errors: [{ code: 10001 }],
  });
});

test("the older prefix and the description are served too", async () => {
  expect((await api.send("GET", "/cdn-cgi/explorer/api/workflows")).status).toBe(200);
  expect(await (await api.send("GET", "/cdn-cgi/local/explorer/api")).json()).toMatchObject({ openapi: "3.1.0" });
});
