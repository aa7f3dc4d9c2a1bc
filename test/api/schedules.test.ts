/** Schedules over REST: put, shown, refused; and the instances that they create, whose ids no other instance may have. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openApi, type Answer, type ApiBench } from "../support/api.ts";
import { Quick, Sleeper } from "../support/workflows.ts";

let api: ApiBench;

beforeEach(async () => {
  api = await openApi({ Quick, Sleeper });
});
afterEach(() => api.close());

const put = (workflow: string, ...crons: readonly string[]): Promise<Answer> =>
  api.call("PUT", `/workflows/${workflow}`, {
    class_name: "Sleeper",
    script_name: "script",
    schedules: crons.map((cron) => ({ cron })),
  });

const shown = async (workflow: string): Promise<{ cron: string; next_instance: string }[]> =>
  ((await api.call("GET", `/workflows/${workflow}`)).result as { schedules?: { cron: string; next_instance: string }[] })
    .schedules ?? [];

interface Listed {
  readonly cron: string;
  readonly words: string | null;
  readonly workflow: string | null;
  readonly script: string | null;
  readonly next: readonly string[];
  readonly last: { readonly boundary: string; readonly instance: { readonly id: string; readonly status: string } | null } | null;
}

const list = async (query = ""): Promise<{ result: Listed[]; result_info: object }> =>
  (await api.send("GET", `/api/v1/schedules${query}`)).json() as Promise<{ result: Listed[]; result_info: object }>;

describe("schedules", () => {
  test("are shown with their next boundary, in lists too", async () => {
    const before = api.clock.now();
    expect((await put("timed", "*/30 * * * *", "0 9 1 1 *")).status).toBe(200);
    const [first, second, ...more] = await shown("timed");
    expect([first?.cron, second?.cron, more]).toEqual(["*/30 * * * *", "0 9 1 1 *", []]);
    const next = Date.parse(first?.next_instance ?? "");
    expect(next % 1_800_000).toBe(0);
    expect(next).toBeGreaterThan(before);
    expect(second?.next_instance).toMatch(/^\d{4}-01-01T09:00:00\.000Z$/);
    const { result } = await api.call("GET", "/workflows?search=timed");
    expect(result).toMatchObject([{ name: "timed", schedules: [{ cron: "*/30 * * * *" }, { cron: "0 9 1 1 *" }] }]);
  });

  test("schedules that are put again keep their version; omitted ones are removed", async () => {
    const first = (await put("timed", "0 * * * *")).result as { version_id: string };
    expect((await put("timed", "0 * * * *")).result).toMatchObject({ version_id: first.version_id });
    await api.call("PUT", "/workflows/timed", { class_name: "Sleeper", script_name: "script" });
    expect([await shown("timed"), await api.catalog.timetable()]).toEqual([[], []]);
    for (const schedules of [null, []]) {
      await put("timed", "0 * * * *");
      expect(await shown("timed")).toHaveLength(1);
      await api.call("PUT", "/workflows/timed", { class_name: "Sleeper", script_name: "script", schedules });
      expect(await shown("timed")).toEqual([]);
    }
  });

  test("go with their workflow", async () => {
    await put("timed", "0 * * * *");
    await api.call("DELETE", "/workflows/timed");
    expect(await api.catalog.timetable()).toEqual([]);
  });

  test.each([
    [[{ cron: "0 * * * *" }, { cron: "0 22 * * 0" }], "schedules[1].cron"],
    [[{ cron: "" }], "schedules[0].cron"],
    [[{ cron: `${"0,".repeat(124)}0 * * * *` }], "schedules[0].cron"],
    [[{ cron: 5 }], "schedules[0].cron"],
    [[{}], "schedules[0].cron"],
    ["0 * * * *", "schedules"],
    [Array.from({ length: 201 }, () => ({ cron: "0 * * * *" })), "schedules"],
  ])("%j are refused, and change nothing", async (schedules, field) => {
    await put("timed", "0 * * * *");
    const before = await api.call("GET", "/workflows/timed/versions");
    const answer = await api.call("PUT", "/workflows/timed", { class_name: "Sleeper", script_name: "script", schedules });
    expect([answer.status, answer.errors[0]?.code]).toEqual([400, 10002]);
    expect(answer.errors[0]?.error_chain[0]?.message.startsWith(`${field}: `)).toBe(true);
    expect((await api.call("GET", "/workflows/timed/versions")).result).toEqual(before.result);
    expect(await api.catalog.timetable()).toMatchObject([{ owner: "timed", cron: "0 * * * *" }]);
  });

  test("may be a hundred in all, each counted once", async () => {
    const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i % 60} ${Math.floor(i / 60)} * * *`);
    expect((await put("one", ...many(60), ...many(60))).status).toBe(200);
    expect((await put("two", ...many(40))).status).toBe(200);
    const over = await put("two", ...many(41));
    expect([over.status, over.errors[0]?.code, over.errors[0]?.message]).toEqual([
      400,
      10930,
      "workflows.api.error.workflow.too_many_schedules",
    ]);
    expect(await shown("two")).toHaveLength(40);
    expect((await put("one", ...many(59))).status).toBe(200);
    expect((await put("two", ...many(41))).status).toBe(200);
  });
});

describe("an instance that a schedule created", () => {
  const cron = "*/15 9-17 * JAN 2-6";
  // The clock of the tests begins on Thursday, 2026-01-01.
  const scheduledTime = Date.UTC(2026, 0, 1, 9);
  const id = `${cron}-${scheduledTime}`;
  const path = `/workflows/Sleeper/instances/${encodeURIComponent(id)}`;

  beforeEach(async () => {
    const workflow = await api.catalog.workflow("Sleeper");
    const version = await api.catalog.workflowVersion(workflow?.versionId ?? "");
    if (workflow === undefined || version === undefined) throw new Error("The bench deploys it");
    const createdAt = api.clock.now();
    await api.catalog.putWorkflow(
      { ...workflow, versionId: "timed" },
      { ...version, id: "timed", createdAt, settings: { schedules: [{ cron }] } },
    );
    await api.quiet();
    api.clock.advance(scheduledTime - api.clock.now());
    await api.quiet();
    await api.reaches({ workflow: "Sleeper", id }, "waiting");
  });

  test("says so, in its log and in lists", async () => {
    expect((await api.call("GET", path)).result).toMatchObject({
      status: "waiting",
      params: {},
      trigger: { source: "cron" },
      schedule: { cron, scheduledTime },
      queued: "2026-01-01T09:00:00.000Z",
    });
    const { result } = await api.call("GET", "/workflows/Sleeper/instances");
    expect(result).toMatchObject([{ id, trigger_source: "cron" }]);
    const workflow = await api.call("GET", "/workflows/Sleeper");
    expect(workflow.result).toMatchObject({ triggered_on: "2026-01-01T09:00:00.000Z", instances: { waiting: 1 } });
  });

  test("the schedule lists its latest instance with its boundary, until the instance is deleted", async () => {
    const boundary = "2026-01-01T09:00:00.000Z";
    expect((await list()).result).toMatchObject([
      { cron, words: null, next: { length: 5 }, last: { boundary, instance: { id, status: "waiting" } } },
    ]);
    await api.engine.remove("Sleeper", [id]);
    expect((await list()).result[0]?.last).toEqual({ boundary, instance: null });
  });

  test("is addressed like any other", async () => {
    expect((await api.call("PATCH", `${path}/status`, { status: "pause" })).result).toMatchObject({ status: "paused" });
    expect((await api.call("PATCH", `${path}/status`, { status: "terminate" })).result).toMatchObject({ status: "terminated" });
    const deleted = await api.call("POST", "/workflows/Sleeper/instances/batch/delete", { instances: [id] });
    expect(deleted.result).toMatchObject({ deleted: [{ id }], errors: [] });
    expect(await api.call("GET", path)).toMatchObject({ status: 404, errors: [{ code: 10400 }] });
  });

  test("is not found under its id as it stands, whose slashes part the path", async () => {
    const answer = await api.call("GET", `/workflows/Sleeper/instances/${id.replaceAll(" ", "%20")}`);
    expect(answer).toMatchObject({ status: 404, errors: [{ message: "workflows.api.error.not_found" }] });
  });

  test("is the only one that may have such an id", async () => {
    const answer = await api.call("POST", "/workflows/Sleeper/instances", { instance_id: `${cron}-0` });
    expect(answer).toMatchObject({ status: 400, errors: [{ code: 10902 }] });
  });
});
describe("all that comes round", () => {
  test("is listed with the next five boundaries", async () => {
    await put("timed", "*/15 * * * *", "0 9 1 1 *");
    const { result } = await list();
    expect(result.map(({ workflow, script, cron, words }) => [workflow, script, cron, words])).toEqual([
      ["timed", null, "*/15 * * * *", "Every 15 minutes"],
      ["timed", null, "0 9 1 1 *", null],
    ]);
    const now = api.clock.now();
    for (const { next, last } of result) {
      const times = next.map((at) => Date.parse(at));
      expect(times).toHaveLength(5);
      expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
      expect(times[0]).toBeGreaterThan(now);
      expect(last).toBeNull();
    }
  });

  test("comes page by page", async () => {
    await put("timed", "0 1 * * *", "0 2 * * *", "0 3 * * *");
    const { result, result_info: info } = await list("?page=2&per_page=2");
    expect([result.map(({ cron }) => cron), info]).toMatchObject([["0 3 * * *"], { total_count: 3, total_pages: 2 }]);
    expect((await api.send("GET", "/api/v1/schedules?per_page=101")).status).toBe(400);
  });
});
