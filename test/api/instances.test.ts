/** The instances of a workflow over REST: lists in both styles of paging, creation, and what is done to many at once. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openApi, type ApiBench } from "../support/api.ts";
import { Quick, Sleeper } from "../support/workflows.ts";

let api: ApiBench;

beforeEach(async () => {
  api = await openApi({ Quick, Sleeper });
});
afterEach(() => api.close());

const UUID = /^[0-9a-f-]{36}$|^id-\d+$/;

async function sleepers(count: number): Promise<void> {
  for (let i = 1; i <= count; i += 1) {
    await api.call("POST", "/workflows/Sleeper/instances", { instance_id: `s-${i}` });
    await api.reaches({ workflow: "Sleeper", id: `s-${i}` }, "waiting");
    api.clock.advance(1_000);
  }
}

const ids = (answer: { result: unknown }): string[] => (answer.result as { id: string }[]).map(({ id }) => id);

describe("a list", () => {
  beforeEach(() => sleepers(5));

  test("is newest first and has all that clients read", async () => {
    const answer = await api.call("GET", "/workflows/Sleeper/instances");
    expect(ids(answer)).toEqual(["s-5", "s-4", "s-3", "s-2", "s-1"]);
    expect((answer.result as unknown[])[4]).toEqual({
      id: "s-1",
      status: "waiting",
      created_on: "2026-01-01T00:00:00.000Z",
      modified_on: "2026-01-01T00:00:00.000Z",
      started_on: "2026-01-01T00:00:00.000Z",
      ended_on: null,
      version_id: "Sleeper-v1",
      workflow_id: "Sleeper",
      trigger_source: "api",
    });
    expect(answer.result_info).toEqual({ count: 5, page: 1, per_page: 50, total_count: 5, total_pages: 1 });
  });

  test("by page ends with an empty page, which is how the SDK knows", async () => {
    const page = (number: number): Promise<{ result: never }> =>
      api.call("GET", `/workflows/Sleeper/instances?page=${number}&per_page=2`);
    expect(ids(await page(1))).toEqual(["s-5", "s-4"]);
    expect(ids(await page(3))).toEqual(["s-1"]);
    expect(ids(await page(4))).toEqual([]);
    expect(ids(await page(400))).toEqual([]);
    expect((await page(2)) as unknown).toMatchObject({
      result_info: { count: 2, page: 2, per_page: 2, total_count: 5, total_pages: 3 },
    });
  });

  test("by cursor ends without one, which is how wrangler knows", async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    let turns = 0;
    do {
      const at = cursor === undefined ? "" : `&cursor=${cursor}`;
      const answer = await api.call("GET", `/workflows/Sleeper/instances?per_page=2${at}`);
      seen.push(...ids(answer));
      cursor = answer.result_info["cursor"] as string | undefined;
      turns += 1;
    } while (cursor !== undefined);
    expect(seen).toEqual(["s-5", "s-4", "s-3", "s-2", "s-1"]);
    expect(turns).toBe(3);
  });

  test("by cursor misses and repeats nothing while others come and go", async () => {
    const first = await api.call("GET", "/workflows/Sleeper/instances?per_page=2");
    await api.call("POST", "/workflows/Sleeper/instances", { instance_id: "newer" });
    await api.call("DELETE", "/workflows/Sleeper/instances/s-4");
    const second = await api.call("GET", `/workflows/Sleeper/instances?per_page=2&cursor=${String(first.result_info["cursor"])}`);
    expect(ids(second)).toEqual(["s-3", "s-2"]);
  });

  test("may be oldest first, by status, and by time", async () => {
    await api.call("PATCH", "/workflows/Sleeper/instances/s-2/status", { status: "pause" });
    const list = async (query: string): Promise<string[]> => ids(await api.call("GET", `/workflows/Sleeper/instances?${query}`));
    expect(await list("direction=asc&per_page=2")).toEqual(["s-1", "s-2"]);
    expect(await list("status=paused")).toEqual(["s-2"]);
    expect(await list("status=rollingBack")).toEqual([]);
    expect(await list("date_start=2026-01-01T00:00:01.000Z&date_end=2026-01-01T00:00:03.000Z")).toEqual(["s-4", "s-3", "s-2"]);
  });

  test("is the same with a slash at its end, or two before", async () => {
    const plain = await (await api.send("GET", "/client/v4/accounts/local/workflows/Sleeper/instances")).json();
    expect(await (await api.send("GET", "/client/v4/accounts/local/workflows/Sleeper/instances/")).json()).toEqual(plain);
    expect(await (await api.send("GET", "/client/v4//accounts/local/workflows/Sleeper/instances")).json()).toEqual(plain);
  });

  test.each([
    "page=0",
    "page=x",
    "per_page=101",
    "per_page=0",
    "direction=up",
    "status=unknown",
    "date_start=yesterday",
    "cursor=nonsense",
    "page=1&cursor=x",
  ])("does not take %s", async (query) => {
    const answer = await api.call("GET", `/workflows/Sleeper/instances?${query}`);
    expect(answer).toMatchObject({ status: 400, errors: [{ code: 10002, message: "workflows.api.error.body" }] });
    const field = query.includes("cursor") ? "cursor" : query.split("=")[0];
    expect(answer.errors[0]?.error_chain[0]?.message).toMatch(new RegExp(`^${field}: `));
  });
});

describe("creation", () => {
  const create = (body: unknown): ReturnType<ApiBench["call"]> => api.call("POST", "/workflows/Quick/instances", body);
  const payloadOf = async (body: unknown): Promise<unknown> => {
    const { result } = await create(body);
    const address = { workflow: "Quick", id: (result as { id: string }).id };
    await api.reaches(address, "complete");
    return api.output(address);
  };

  test("answers what was created", async () => {
    expect((await create({ instance_id: "q" })).result).toEqual({
      id: "q",
      status: "queued",
      version_id: "Quick-v1",
      workflow_id: "Quick",
      trigger_source: "api",
    });
    expect((await create({})).result).toMatchObject({ id: expect.stringMatching(UUID) as string });
  });

  test("takes any JSON for params, also as text that holds JSON", async () => {
    expect(await payloadOf({ params: { a: [1, null] } })).toEqual({ a: [1, null] });
    expect(await payloadOf({ params: '{"a":1}' })).toEqual({ a: 1 });
    expect(await payloadOf({ params: "no JSON" })).toBe("no JSON");
    expect(await payloadOf({ params: null })).toBeNull();
    expect(await payloadOf({})).toEqual({});
  });

  test("takes retention and location, and null for what is left out", async () => {
    expect(
      await create({ instance_retention: { success_retention: "3 days", error_retention: 1_000 }, location_hint: "weur" }),
    ).toMatchObject({ status: 200 });
    expect(await create({ instance_id: null, instance_retention: null, location_hint: null })).toMatchObject({ status: 200 });
  });

  test("takes the shortest and the longest retention", async () => {
    const kept = { success_retention: 1, error_retention: "3650 days" };
    expect(await create({ instance_id: "kept", instance_retention: kept })).toMatchObject({ status: 200 });
    await api.reaches({ workflow: "Quick", id: "kept" }, "complete");
    expect((await api.store.find("Quick", "kept"))?.expiresAt).toBe(api.clock.now() + 1);
  });

  test("does not take an id twice", async () => {
    await create({ instance_id: "q" });
    expect(await create({ instance_id: "q" })).toMatchObject({ status: 400, errors: [{ code: 10405 }] });
  });

  test.each([
    ["", 10002, "body"],
    ["{", 10002, "body"],
    ["[]", 10002, "body"],
    ["null", 10002, "body"],
    ['{"instance_id":7}', 10002, "instance_id"],
    ['{"instance_id":""}', 10902, "instance_id"],
    ['{"instance_id":"a b"}', 10902, "instance_id"],
    ['{"instance_id":"-a"}', 10902, "instance_id"],
    ['{"instance_id":"batch"}', 10902, "instance_id"],
    [`{"instance_id":"cf_${"0".repeat(64)}"}`, 10902, "instance_id"],
    [`{"instance_id":"${"a".repeat(101)}"}`, 10902, "instance_id"],
    [`{"params":"${"x".repeat(1024 * 1024 + 1)}"}`, 10905, "params"],
    ['{"instance_retention":{"success_retention":"3 moons"}}', 10002, "instance_retention.success_retention"],
    ['{"instance_retention":{"success_retention":0}}', 10002, "instance_retention.success_retention"],
    ['{"instance_retention":{"success_retention":1.5}}', 10002, "instance_retention.success_retention"],
    ['{"instance_retention":{"success_retention":true}}', 10002, "instance_retention.success_retention"],
    ['{"instance_retention":{"error_retention":"-1 day"}}', 10002, "instance_retention.error_retention"],
    ['{"instance_retention":{"error_retention":"3651 days"}}', 10002, "instance_retention.error_retention"],
    ['{"location_hint":"moon"}', 10002, "location_hint"],
    [`{"params":${"[".repeat(50_000)}${"]".repeat(50_000)}}`, 10002, "body"],
  ])("refuses %.40s and makes nothing", async (body, code, field) => {
    const answer = await create(body);
    expect(answer.status).toBe(code === 10905 ? 413 : 400);
    expect(answer.errors[0]?.code).toBe(code);
    expect(answer.errors[0]?.error_chain[0]?.message.startsWith(`${field}: `)).toBe(true);
    expect(await api.store.statusCounts("Quick")).toEqual({});
  });

  test("says that there is no body before it looks for the workflow", async () => {
    expect(await api.call("POST", "/workflows/Missing/instances", "")).toMatchObject({ status: 400, errors: [{ code: 10002 }] });
    expect(await api.call("POST", "/workflows/Missing/instances", {})).toMatchObject({ status: 404, errors: [{ code: 10200 }] });
  });

  test("of a hundred passes over ids that are taken", async () => {
    await create({ instance_id: "q-7" });
    const batch = Array.from({ length: 100 }, (_, i) => ({ instance_id: `q-${i}`, params: i }));
    const { result } = await api.call("POST", "/workflows/Quick/instances/batch", batch);
    expect(ids({ result })).toEqual(batch.map(({ instance_id: id }) => id).filter((id) => id !== "q-7"));
  });

  test.each([
    [[], "body"],
    [{}, "body"],
    [Array.from({ length: 101 }, () => ({})), "body"],
    [[{}, { instance_id: 3 }], "[1].instance_id"],
    [[{}, { instance_id: "a b" }], "[1].instance_id"],
  ])("of many refuses %.40j whole", async (batch, field) => {
    const answer = await api.call("POST", "/workflows/Quick/instances/batch", batch);
    expect(answer.status).toBe(400);
    expect(answer.errors[0]?.error_chain[0]?.message.startsWith(`${field}: `)).toBe(true);
    expect(await api.store.statusCounts("Quick")).toEqual({});
  });
});

describe("many at once", () => {
  beforeEach(() => sleepers(3));

  test("are deleted, and the missing named", async () => {
    const { result } = await api.call("POST", "/workflows/Sleeper/instances/batch/delete", {
      instances: ["s-1", "missing", "s-1", "s-3"],
    });
    expect(result).toEqual({
      deleted: [{ id: "s-1" }, { id: "s-1" }, { id: "s-3" }],
      errors: [{ id: "missing", code: 10400, message: "workflows.api.error.instance.not_found" }],
    });
    expect(ids(await api.call("GET", "/workflows/Sleeper/instances"))).toEqual(["s-2"]);
  });

  test("are terminated by id", async () => {
    const { result } = await api.call("POST", "/workflows/Sleeper/instances/batch/terminate", ["s-1", "missing", "s-2"]);
    expect(result).toEqual({ instancesTerminated: 2, status: "ok" });
    expect(await api.store.statusCounts("Sleeper")).toEqual({ terminated: 2, waiting: 1 });
  });

  test("are terminated all, one job at a time", async () => {
    await api.call("PATCH", "/workflows/Sleeper/instances/s-2/status", { status: "pause" });
    expect((await api.call("PUT", "/workflows/Sleeper/instances/terminate?status=waiting")).result).toEqual({ status: "ok" });
    expect((await api.call("PUT", "/workflows/Sleeper/instances/terminate")).result).toEqual({ status: "already_running" });
    expect((await api.call("GET", "/workflows/Sleeper/instances/terminate")).result).toEqual({ status: "running" });
    await api.reaches({ workflow: "Sleeper", id: "s-3" }, "terminated");
    await api.quiet();
    expect((await api.call("GET", "/workflows/Sleeper/instances/terminate")).result).toEqual({ status: "not_running" });
    expect(await api.store.statusCounts("Sleeper")).toEqual({ terminated: 2, paused: 1 });
  });

  test.each([
    ["POST", "/batch/delete", { instances: [] }, "instances"],
    ["POST", "/batch/delete", ["s-1"], "body"],
    ["POST", "/batch/terminate", [], "body"],
    ["POST", "/batch/terminate", { instances: ["s-1"] }, "body"],
    ["PUT", "/terminate?status=complete", undefined, "status"],
  ])("%s %s refuses what it cannot take", async (method, path, body, field) => {
    const answer = await api.call(method, `/workflows/Sleeper/instances${path}`, body);
    expect(answer.status).toBe(400);
    expect(answer.errors[0]?.error_chain[0]?.message.startsWith(`${field}: `)).toBe(true);
    expect(await api.store.statusCounts("Sleeper")).toEqual({ waiting: 3 });
  });
});
