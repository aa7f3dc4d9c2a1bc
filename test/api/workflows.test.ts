/** Workflows, versions, the account's defaults and the platform's own routes over REST. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openApi, type Answer, type ApiBench } from "../support/api.ts";
import { Quick, Sleeper } from "../support/workflows.ts";

let api: ApiBench;

beforeEach(async () => {
  api = await openApi({ Quick, Sleeper });
});
afterEach(() => api.close());

const NINE = {
  queued: 0,
  running: 0,
  paused: 0,
  errored: 0,
  terminated: 0,
  complete: 0,
  waitingForPause: 0,
  waiting: 0,
  rollingBack: 0,
};

const names = (answer: { result: unknown }): string[] => (answer.result as { name: string }[]).map(({ name }) => name);

describe("workflows", () => {
  test("are shown with all nine counts", async () => {
    await api.call("POST", "/workflows/Sleeper/instances", { instance_id: "s" });
    await api.reaches({ workflow: "Sleeper", id: "s" }, "waiting");
    expect((await api.call("GET", "/workflows/Sleeper")).result).toEqual({
      id: "Sleeper",
      name: "Sleeper",
      class_name: "Sleeper",
      script_name: "script",
      created_on: "1970-01-01T00:00:00.000Z",
      modified_on: "1970-01-01T00:00:00.000Z",
      triggered_on: "2026-01-01T00:00:00.000Z",
      instances: { ...NINE, waiting: 1 },
      script_deleted: false,
    });
    expect((await api.call("GET", "/workflows/Quick")).result).toMatchObject({ triggered_on: null, instances: NINE });
  });

  test("are listed page by page until one is empty, and searched", async () => {
    expect(names(await api.call("GET", "/workflows?per_page=1&page=1"))).toEqual(["Sleeper"]);
    expect(names(await api.call("GET", "/workflows?per_page=1&page=2"))).toEqual(["Quick"]);
    const end = await api.call("GET", "/workflows?per_page=1&page=3");
    expect(end).toMatchObject({ result: [], result_info: { count: 0, page: 3, per_page: 1, total_count: 2, total_pages: 2 } });
    expect(names(await api.call("GET", "/workflows?search=leep"))).toEqual(["Sleeper"]);
    expect(names(await api.call("GET", "/workflows?search=nothing"))).toEqual([]);
  });

  test("keep the jurisdiction that they were given first, and say so", async () => {
    const body = { class_name: "Quick", script_name: "script" };
    const put = (more: object): Promise<Answer> => api.call("PUT", "/workflows/fresh", { ...body, ...more });
    const read = async (): Promise<unknown> => (await api.call("GET", "/workflows/fresh")).result;
    // An upload makes the workflow before its settings are put.
    await put({});
    expect(await read()).not.toHaveProperty("jurisdiction");
    expect((await put({ jurisdiction: "eu" })).result).toMatchObject({ jurisdiction: "eu" });
    const { version_id: version } = (await put({ limits: { steps: 5 } })).result as { version_id: string };
    expect(await read()).toMatchObject({ jurisdiction: "eu" });
    expect(await put({ jurisdiction: "us" })).toMatchObject({ status: 400, errors: [{ code: 10209 }] });
    expect((await put({ jurisdiction: "eu", limits: { steps: 5 } })).result).toMatchObject({ version_id: version });
  });

  test("workflows that are put again without a change keep their version", async () => {
    const body = { class_name: "Quick", script_name: "script", limits: null, schedules: [] };
    const first = (await api.call("PUT", "/workflows/fresh", body)).result as { id: string; version_id: string };
    expect(first).toMatchObject({
      name: "fresh",
      class_name: "Quick",
      script_name: "script",
      is_deleted: 0,
      terminator_running: 0,
      triggered_on: null,
    });
    expect((await api.call("PUT", "/workflows/fresh", body)).result).toMatchObject({ version_id: first.version_id });
    const changed = await api.call("PUT", "/workflows/fresh", {
      ...body,
      limits: { steps: 7 },
      concurrency: { limit: 3 },
      default_retention: { success_retention: "1 day" },
    });
    expect((changed.result as { id: string }).id).toBe(first.id);
    expect((changed.result as { version_id: string }).version_id).not.toBe(first.version_id);
    const versions = await api.call("GET", "/workflows/fresh/versions");
    expect(versions).toMatchObject({
      result: [
        {
          limits: { steps: 7 },
          concurrency: { limit: 3 },
          default_retention: { success_retention: 86_400_000 },
          has_dag: false,
          language: "javascript",
        },
        { id: first.version_id },
      ],
      result_info: { count: 2, page: 1, per_page: 50, total_count: 2, total_pages: 1 },
    });
    await api.call("POST", "/workflows/fresh/instances", { instance_id: "f", params: 5 });
    await api.reaches({ workflow: "fresh", id: "f" }, "complete");
  });

  test("workflows are deleted with their instances", async () => {
    await api.call("POST", "/workflows/Sleeper/instances", { instance_id: "s" });
    await api.reaches({ workflow: "Sleeper", id: "s" }, "waiting");
    expect((await api.call("DELETE", "/workflows/Sleeper")).result).toEqual({ status: "ok", success: true });
    expect(await api.call("GET", "/workflows/Sleeper")).toMatchObject({ status: 404, errors: [{ code: 10200 }] });
    expect(await api.call("DELETE", "/workflows/Sleeper")).toMatchObject({ status: 404, errors: [{ code: 10200 }] });
    await expect.poll(() => api.store.statusCounts("Sleeper")).toEqual({});
  });

  test.each([
    ["PUT", "/workflows/fresh", {}, 400, 10002, "class_name"],
    ["PUT", "/workflows/fresh", { class_name: "Quick" }, 400, 10002, "script_name"],
    ["PUT", "/workflows/fresh", { class_name: "Quick", script_name: "missing" }, 404, 10007, "script_name"],
    ["PUT", "/workflows/fresh", { class_name: "Quick", script_name: "script", limits: { steps: 0 } }, 400, 10002, "limits.steps"],
    [
      "PUT",
      "/workflows/fresh",
      { class_name: "Quick", script_name: "script", limits: { steps: 25_001 } },
      400,
      10002,
      "limits.steps",
    ],
    ["PUT", "/workflows/fresh", { class_name: "Quick", script_name: "script", jurisdiction: "mars" }, 400, 10002, "jurisdiction"],
    ["PUT", "/workflows/not%20ok", { class_name: "Quick", script_name: "script" }, 400, 10901, "workflow_name"],
    ["GET", "/workflows/-x", undefined, 400, 10901, "workflow_name"],
    ["GET", `/workflows/${"x".repeat(65)}`, undefined, 400, 10901, "workflow_name"],
    ["GET", "/workflows/Missing", undefined, 404, 10200, "workflow_name"],
    ["GET", "/workflows/Missing/instances", undefined, 404, 10200, "workflow_name"],
    ["GET", "/workflows/Missing/versions", undefined, 404, 10200, "workflow_name"],
    ["GET", "/workflows/Quick/versions/nothing", undefined, 404, 10300, "version_id"],
    ["GET", "/workflows/Quick/versions/Sleeper-v1", undefined, 404, 10300, "version_id"],
    ["GET", "/workflows/Quick/instances/missing", undefined, 404, 10400, "instance_id"],
    ["GET", `/workflows/Quick/instances/${"x".repeat(272)}`, undefined, 400, 10902, "instance_id"],
    ["GET", "/workflows/Quick/instances/*%2F30%20*%20*%20*%20*-1786001400000", undefined, 404, 10400, "instance_id"],
    ["GET", "/workflows/Quick/instances/a%00b", undefined, 400, 10902, "instance_id"],
  ])("%s %s is refused and changes nothing", async (method, path, body, status, code, field) => {
    const answer = await api.call(method, path, body);
    expect(answer.status).toBe(status);
    expect(answer.errors[0]?.code).toBe(code);
    expect(answer.errors[0]?.error_chain[0]?.message.startsWith(`${field}: `)).toBe(true);
    expect((await api.catalog.workflows({ offset: 0, limit: 10 })).total).toBe(2);
  });
});

test("of two changes of the account's defaults at once neither is lost", async () => {
  const change = (part: object): Promise<unknown> => api.call("PATCH", "/workflows/settings", { default_retention: part });
  await Promise.all([change({ success_retention: 1 }), change({ error_retention: 2 })]);
  expect((await api.call("GET", "/workflows/settings")).result).toEqual({
    default_retention: { success_retention: 1, error_retention: 2 },
  });
});

test("the account's defaults are kept part by part", async () => {
  expect((await api.call("GET", "/workflows/settings")).result).toEqual({});
  await api.call("PATCH", "/workflows/settings", { default_retention: { success_retention: "1 hour" } });
  const { result } = await api.call("PATCH", "/workflows/settings", { default_retention: { error_retention: 5 } });
  expect(result).toEqual({ default_retention: { success_retention: 3_600_000, error_retention: 5 } });
  expect((await api.call("GET", "/workflows/settings")).result).toEqual(result);
  const cleared = await api.call("PATCH", "/workflows/settings", { default_retention: { success_retention: null } });
  expect(cleared.result).toEqual({ default_retention: { error_retention: 5 } });
  expect((await api.call("PATCH", "/workflows/settings", {})).result).toEqual(cleared.result);
  expect((await api.call("PATCH", "/workflows/settings", { default_retention: null })).result).toEqual({});
  expect((await api.call("GET", "/workflows/settings")).result).toEqual({});
  expect(await api.call("PATCH", "/workflows/settings", { default_retention: { error_retention: -1 } })).toMatchObject({
    status: 400,
  });
});

test("a version is shown by its id", async () => {
  expect((await api.call("GET", "/workflows/Quick/versions/Quick-v1")).result).toMatchObject({
    id: "Quick-v1",
    workflow_id: "Quick",
    class_name: "Quick",
  });
});

describe("the platform", () => {
  const get = async (path: string): Promise<unknown> => (await api.send("GET", `/client/v4${path}`)).json();

  test("has one account, in both lists that wrangler intersects", async () => {
    expect(await get("/accounts?page=1")).toMatchObject({
      result: [{ id: "local", name: "local", type: "standard" }],
      result_info: { count: 1, total_count: 1 },
    });
    expect(await get("/memberships?page=1")).toMatchObject({
      result: [{ status: "accepted", roles: [expect.any(String) as string], account: { id: "local", name: "local" } }],
    });
    expect(await get("/accounts?page=2")).toMatchObject({ result: [] });
  });

  test("says who one is", async () => {
    expect(await get("/user")).toMatchObject({ success: true, result: { email: expect.any(String) as string } });
    expect(await get("/user/tokens/verify")).toMatchObject({ success: true, result: { status: "active" } });
  });

  test("does not know other accounts", async () => {
    for (const id of ["other", "0123456789abcdef", "0123456789ABCDEF0123456789ABCDEF"])
      expect(await get(`/accounts/${id}/workflows`)).toMatchObject({ success: false, errors: [{ code: 7003 }] });
  });

  test("answers unknown routes by naming them", async () => {
    const answer = await api.call("GET", "/workers/subdomains");
    expect(answer).toMatchObject({ status: 404, errors: [{ message: "workflows.api.error.not_found" }] });
    expect(answer.errors[0]?.error_chain[0]?.message).toContain("GET /client/v4/accounts/local/workers/subdomains");
    expect(await api.call("PATCH", "/workflows/Quick", {})).toMatchObject({ status: 404 });
  });

  test("gives every answer a ray", async () => {
    expect((await api.call("GET", "/workflows")).headers.get("cf-ray")).toMatch(/^[0-9a-f]{16}-LCL$/);
    expect((await api.call("GET", "/workflows/Missing")).headers.get("cf-ray")).toMatch(/^[0-9a-f]{16}-LCL$/);
  });
});
