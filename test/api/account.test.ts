/** What belongs to the account and not to one workflow: concurrency keys, and the event triggers of scripts. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openApi, type Answer, type ApiBench } from "../support/api.ts";
import { Quick, Sleeper } from "../support/workflows.ts";

let api: ApiBench;

beforeEach(async () => {
  api = await openApi({ Quick, Sleeper });
});
afterEach(() => api.close());

const refusal = ({ status, errors }: Answer): unknown[] => [
  status,
  errors[0]?.code,
  errors[0]?.error_chain[0]?.message.split(":")[0],
];

describe("concurrency keys", () => {
  const KEYS = "/workflows/concurrency";
  const make = (name: unknown, limit: unknown): Promise<Answer> => api.call("POST", KEYS, { name, limit });
  const idOf = (answer: Answer): string => (answer.result as { id: string }).id;
  const list = async (): Promise<string[]> =>
    ((await api.call("GET", KEYS)).result as { name: string; limit: number }[]).map(({ name, limit }) => `${name} ${limit}`);

  test("are made, listed newest first, read, changed and deleted", async () => {
    const made = await make("mail", 5);
    const id = idOf(made);
    expect(made.result).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      name: "mail",
      limit: 5,
      created_on: expect.any(String) as string,
      modified_on: expect.any(String) as string,
    });
    await make("api", 1);
    expect(await list()).toEqual(["api 1", "mail 5"]);
    expect(await api.call("GET", `${KEYS}?page=2&per_page=1`)).toMatchObject({
      result: [{ name: "mail" }],
      result_info: { count: 1, page: 2, per_page: 1, total_count: 2, total_pages: 2 },
    });
    expect((await api.call("GET", `${KEYS}/${id}`)).result).toEqual(made.result);
    expect((await api.call("PATCH", `${KEYS}/${id}`, { limit: 9 })).result).toMatchObject({ id, name: "mail", limit: 9 });
    expect(await list()).toEqual(["api 1", "mail 9"]);
    expect((await api.call("DELETE", `${KEYS}/${id}`)).result).toEqual({ id });
    expect(await list()).toEqual(["api 1"]);
    expect(idOf(await make("mail", 2))).not.toBe(id);
  });

  test.each([
    ["mail", 5, [409, 10932, "name"]],
    ["-mail", 5, [400, 10002, "name"]],
    ["x".repeat(65), 5, [400, 10002, "name"]],
    [7, 5, [400, 10002, "name"]],
    ["other", 0, [400, 10002, "limit"]],
    ["other", 1.5, [400, 10002, "limit"]],
    ["other", undefined, [400, 10002, "limit"]],
  ])("%j with %j is refused and changes nothing", async (name, limit, expected) => {
    await make("mail", 1);
    const answer = await make(name, limit);
    expect(refusal(answer)).toEqual(expected);
    // Nothing comes of asking again.
    expect(answer.headers.get("x-should-retry")).toBe(answer.status === 409 ? "false" : null);
    expect(await list()).toEqual(["mail 1"]);
  });

  test("of concurrency keys created at once with one name, one succeeds", async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => make("mail", 1)));
    expect(answers.filter(({ success }) => success)).toHaveLength(1);
    expect(await list()).toEqual(["mail 1"]);
  });

  test("may be a hundred", async () => {
    await Promise.all(Array.from({ length: 100 }, (_, i) => make(`k${i}`, 1)));
    expect(refusal(await make("one-more", 1))).toEqual([400, 10933, "body"]);
    expect(await list()).toHaveLength(50);
  });

  test.each(["GET", "PATCH", "DELETE"])("%s of one that is not there is refused", async (method) => {
    const body = method === "PATCH" ? { limit: 1 } : undefined;
    expect(refusal(await api.call(method, `${KEYS}/instances`, body))).toEqual([404, 10931, "key_id"]);
  });

  test("are no workflow", async () => {
    const put = await api.call("PUT", KEYS, { class_name: "Quick", script_name: "script" });
    expect(refusal(put)).toEqual([400, 10901, "workflow_name"]);
  });
});

describe("event triggers", () => {
  const TRIGGERS = "/triggers/script";
  const target = { type: "workflow", script_name: "script", workflow_name: "Quick" };
  const trigger = { type: "cf.artifacts.push", filter: { repo: "a", main: true, size: 3 }, targets: [target] };
  const all = async (): Promise<unknown> => (await api.call("GET", TRIGGERS)).result;

  test("are replaced, added to, read and deleted", async () => {
    expect(await all()).toEqual({ script_name: "script", triggers: [] });
    const other = { type: "other", targets: [target, { ...target, workflow_name: "Sleeper" }] };
    await api.call("PUT", TRIGGERS, [other]);
    expect((await api.call("PUT", TRIGGERS, [trigger])).result).toEqual({ script_name: "script", triggers: [trigger] });
    expect((await api.call("PATCH", TRIGGERS, [other])).result).toEqual({ script_name: "script", triggers: [trigger, other] });
    expect(await all()).toEqual({ script_name: "script", triggers: [trigger, other] });
    expect((await api.call("DELETE", TRIGGERS)).result).toEqual({ deleted: 2 });
    expect((await api.call("DELETE", TRIGGERS)).result).toEqual({ deleted: 0 });
    expect(await all()).toEqual({ script_name: "script", triggers: [] });
  });

  const missing = [404, 10200];
  const bad = [400, 10002];
  test.each([
    [[{ ...trigger, targets: [target, { ...target, workflow_name: "Missing" }] }], missing, "[0].targets[1].workflow_name"],
    [[trigger, { ...trigger, targets: [{ ...target, script_name: "other" }] }], missing, "[1].targets[0].script_name"],
    [[{ ...trigger, targets: [] }], bad, "[0].targets"],
    [[{ ...trigger, targets: Array.from({ length: 101 }, () => target) }], bad, "[0].targets"],
    [[{ ...trigger, targets: [{ ...target, type: "queue" }] }], bad, "[0].targets[0].type"],
    [[{ ...trigger, filter: { repo: "x".repeat(1_025) } }], bad, "[0].filter.repo"],
    [[{ ...trigger, filter: { repo: null } }], bad, "[0].filter.repo"],
    [[{ ...trigger, type: "" }], bad, "[0].type"],
    [Array.from({ length: 101 }, () => trigger), bad, "body"],
    [trigger, bad, "body"],
  ])("%j are refused and change nothing", async (body, [status, code], field) => {
    await api.call("PUT", TRIGGERS, [trigger]);
    for (const method of ["PUT", "PATCH"]) expect(refusal(await api.call(method, TRIGGERS, body))).toEqual([status, code, field]);
    expect(await all()).toEqual({ script_name: "script", triggers: [trigger] });
  });

  test("may be a hundred, however they are added", async () => {
    const many = Array.from({ length: 100 }, () => trigger);
    expect((await api.call("PUT", TRIGGERS, many)).status).toBe(200);
    expect(refusal(await api.call("PATCH", TRIGGERS, [trigger]))).toEqual([400, 10002, "body"]);
    expect((await api.call("DELETE", TRIGGERS)).result).toEqual({ deleted: 100 });
  });

  test.each(["GET", "PUT", "PATCH", "DELETE"])("%s of a script that is not there is refused", async (method) => {
    const body = method === "PUT" || method === "PATCH" ? [trigger] : undefined;
    expect(refusal(await api.call(method, "/triggers/missing", body))).toEqual([404, 10200, "script_name"]);
  });
});
