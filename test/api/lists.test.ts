/** Finding instances by any filters, errors in groups, workflows at a glance, and actions on all that match. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { OWN_ENDPOINTS } from "../../src/api/own/own.ts";
import { LIMITS } from "../../src/model/limits.ts";
import type { WorkflowStep } from "../../src/runtime/cloudflare/workers.ts";
import { openApi, type ApiBench } from "../support/api.ts";

function refuse(what: string): never {
  throw new Error(what);
}

class Charging {
  async run({ payload }: { payload: { card?: number; plain?: string; refused?: number } }, step: WorkflowStep): Promise<void> {
    if (payload.plain !== undefined) throw new TypeError(payload.plain);
    if (payload.refused !== undefined)
      await step.do("charge", { retries: { limit: 0, delay: 0 } }, () => refuse(`card ${payload.refused} refused`));
    await step.do("charge", { retries: { limit: 0, delay: 0 } }, () => {
      throw new Error(`card ${payload.card} refused`);
    });
  }
}

class Sleeping {
  async run(_: unknown, step: WorkflowStep): Promise<void> {
    await step.sleep("long", "1 day");
  }
}

interface Answer {
  readonly status: number;
  readonly result: never;
  readonly result_info: { readonly total_count: number; readonly total_at_least: boolean; readonly cursor?: string };
  readonly errors: readonly { readonly code: number; readonly message: string }[];
}

let api: ApiBench;

beforeEach(async () => {
  api = await openApi({ Charging, Sleeping });
});
afterEach(() => api.close());

/** Asks, and holds the answer against its schema. */
async function own(method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await api.send(method, `/api/v1${path}`, body);
  const answer = (await response.json()) as Answer;
  const [plain = ""] = path.split("?");
  const found = OWN_ENDPOINTS.find(
    (each) => each.method === method.toLowerCase() && new RegExp(`^${each.path.replace(/\{\w+\}/g, "[^/]+")}$`).test(plain),
  );
  if (response.ok) found?.result.parse(answer.result);
  return { ...answer, status: response.status };
}

async function create(workflow: string, id: string, params: object = {}): Promise<void> {
  await api.call("POST", `/workflows/${workflow}/instances`, { instance_id: id, params });
}

async function fail(id: string, params: object): Promise<void> {
  await create("Charging", id, params);
  await api.reaches({ workflow: "Charging", id }, "errored");
}

async function sleep(...ids: string[]): Promise<void> {
  for (const id of ids) {
    await create("Sleeping", id);
    await api.reaches({ workflow: "Sleeping", id }, "waiting");
  }
}

const idsOf = ({ result }: Answer): string[] => (result as { id: string }[]).map(({ id }) => id);

describe("a search", () => {
  test("finds by error, by what the id begins with, by version and by any of them, with the error beside", async () => {
    await fail("a-1", { card: 1 });
    await fail("a-2", { plain: 'no such "user" 7' });
    await fail("b-1", { card: 2 });
    const list = (query: string): Promise<Answer> => own("GET", `/workflows/Charging/instances?${query}`);
    expect(idsOf(await list(""))).toEqual(["b-1", "a-2", "a-1"]);
    expect(idsOf(await list("error=REFUSED&direction=asc"))).toEqual(["a-1", "b-1"]);
    expect(idsOf(await list("error=refused&id_prefix=a"))).toEqual(["a-1"]);
    expect(idsOf(await list("error=typeerror"))).toEqual(["a-2"]);
    expect(idsOf(await list("id_prefix=a-&status=errored"))).toEqual(["a-2", "a-1"]);
    expect(idsOf(await list("version_id=none"))).toEqual([]);
    const [{ version_id: version, error }] = (await list("id_prefix=a-1")).result as [
      { version_id: string; error: { group: string } },
    ];
    expect(idsOf(await list(`version_id=${version}`))).toHaveLength(3);
    expect(error).toMatchObject({ name: "Error", message: "card 1 refused", step: "charge" });
    expect(idsOf(await list(`error_group=${error.group}`))).toEqual(["b-1", "a-1"]);
  });

  test("goes on from a cursor, and counts all of it", async () => {
    await sleep("a", "b", "c");
    const first = await own("GET", "/workflows/Sleeping/instances?per_page=2&status=waiting");
    expect([idsOf(first), first.result_info]).toMatchObject([["c", "b"], { total_count: 3, total_at_least: false }]);
    const second = await own("GET", `/workflows/Sleeping/instances?per_page=2&cursor=${first.result_info.cursor}`);
    expect([idsOf(second), second.result_info.cursor]).toEqual([["a"], undefined]);
  });

  test.each([
    "error=",
    "error_group=1",
    "id_prefix=",
    "status=lost",
    "cursor=x",
    "date_start=now",
    "per_page=0",
    `error=${"x".repeat(201)}`,
  ])("an invalid query is refused: %s", async (query) =>
    expect((await own("GET", `/workflows/Sleeping/instances?${query}`)).status).toBe(400),
  );

  test("of a workflow that is not there finds out", async () => {
    expect((await own("GET", "/workflows/None/instances")).status).toBe(404);
  });
});

describe("errors", () => {
  test("are groups across workflows, or of one, with the step and the version in which they came first", async () => {
    await fail("a", { card: 1 });
    await fail("b", { card: 2 });
    api.clock.advance(1);
    await fail("c", { plain: "boom" });
    const { result, result_info: info } = await own("GET", "/errors");
    expect(result).toMatchObject([
      { workflow: "Charging", name: "TypeError", message: "boom", step: null, instances: 1 },
      { workflow: "Charging", name: "Error", message: "card 2 refused", step: "charge", instances: 2 },
    ]);
    expect(info).toMatchObject({ total_count: 2, total_at_least: false });
    expect((await own("GET", "/errors?workflow=Sleeping")).result).toEqual([]);
    expect((await own("GET", "/errors?per_page=1&page=2")).result).toHaveLength(1);
    const [, { fingerprint }] = result as unknown as [unknown, { fingerprint: string }];
    expect((await own("GET", `/errors/${fingerprint}`)).result).toHaveLength(1);
    expect(await own("GET", "/errors/0000000000000000")).toMatchObject({ status: 404, errors: [{ code: 11032 }] });
  });

  test("errors of two functions with the same message are two groups, and other routes do not show the function", async () => {
    await fail("a", { card: 1 });
    api.clock.advance(1);
    await fail("b", { refused: 1 });
    await fail("c", { refused: 2 });
    expect((await own("GET", "/errors")).result).toMatchObject([
      { message: "card 2 refused", frame: "refuse", instances: 2 },
      { message: "card 1 refused", frame: null, instances: 1 },
    ]);
    for (const path of [
      "/client/v4/accounts/local/workflows/Charging/instances/b",
      "/api/v1/workflows/Charging/instances/b/timeline",
    ])
      expect(await (await api.send("GET", path)).text()).not.toContain('refuse"');
  });

  test("are over for an instance that is restarted or deleted", async () => {
    await fail("a", { card: 1 });
    await fail("b", { card: 2 });
    await api.call("DELETE", "/workflows/Charging/instances/a");
    expect((await own("GET", "/errors")).result).toMatchObject([{ instances: 1 }]);
    await api.call("PATCH", "/workflows/Charging/instances/b/status", { status: "restart" });
    await api.happens({ workflow: "Charging", id: "b" }, "workflow_errored");
    expect((await own("GET", "/errors")).result).toMatchObject([{ instances: 1 }]);
    await api.call("DELETE", "/workflows/Charging/instances/b");
    expect((await own("GET", "/errors")).result).toEqual([]);
  });
});

test("workflows say what their instances are at, what the day was like, and when the next one comes", async () => {
  await fail("a", { card: 1 });
  await sleep("b");
  api.clock.advance(3_600_000);
  await sleep("c");
  const { result } = await own("GET", "/workflows?search=Sleep");
  const [{ throughput, ...about }] = result as [{ throughput: { created: number }[] }];
  expect(about).toMatchObject({
    name: "Sleeping",
    class_name: "Sleeping",
    instances: { waiting: 2, errored: 0 },
    next_schedule: null,
  });
  expect(throughput.map(({ created }) => created).slice(-3)).toEqual([0, 1, 1]);
  const [charging] = (await own("GET", "/workflows?search=Charging")).result as [{ throughput: object[] }];
  expect(charging.throughput.at(-2)).toMatchObject({ created: 1, errored: 1, complete: 0 });
});

describe("an action on all that match", () => {
  const path = "/workflows/Sleeping/instances/actions";
  interface Shown {
    readonly id: string;
    readonly state: string;
    readonly done: number;
    readonly refused: object[];
    readonly total: object;
  }
  const begin = async (body: object): Promise<Shown> => ((await own("POST", path, body)).result as { action: Shown }).action;

  async function over(id: string): Promise<Shown> {
    for (;;) {
      const shown = (await own("GET", `${path}/${id}`)).result as Shown;
      if (shown.state !== "running") return shown;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  test("is only counted in a dry run", async () => {
    await sleep("a", "b");
    const dry = await own("POST", path, { action: "terminate", filter: { id_prefix: "a" }, dry_run: true });
    expect(dry.result).toEqual({ total: { count: 1, at_least: false }, action: null });
    expect((await own("GET", path)).result).toEqual([]);
    expect((await own("GET", "/workflows/Sleeping/instances?status=waiting")).result).toHaveLength(2);
  });

  test("changes those, leaves the others alone, and says how far it is", async () => {
    await sleep("a-1", "a-2", "b-1");
    const { id, total } = await begin({ action: "terminate", filter: { id_prefix: "a-" } });
    expect(total).toEqual({ count: 2, at_least: false });
    expect(await over(id)).toMatchObject({ state: "done", done: 2, refused: [], filter: { id_prefix: "a-" } });
    expect(idsOf(await own("GET", "/workflows/Sleeping/instances?status=waiting"))).toEqual(["b-1"]);
    expect((await own("GET", path)).result).toMatchObject([{ id }]);
  });

  test("passes over what cannot be changed, and says why", async () => {
    await sleep("a", "b");
    await api.call("PATCH", "/workflows/Sleeping/instances/a/status", { status: "terminate" });
    const { id } = await begin({ action: "terminate", filter: {} });
    expect(await over(id)).toMatchObject({ done: 1, refused: [{ code: expect.any(Number) as number, count: 1 }] });
  });

  test.each(["pause", "resume", "restart", "delete"])("may be to %s", async (action) => {
    await sleep("a", "b");
    if (action === "resume") await over((await begin({ action: "pause", filter: {} })).id);
    expect(
      await over((await begin({ action, filter: { status: action === "resume" ? "paused" : "waiting" } })).id),
    ).toMatchObject({ done: 2 });
  });

  test("a bulk action can be stopped, and leaves the remaining instances unchanged", async () => {
    await api.call(
      "POST",
      "/workflows/Sleeping/instances/batch",
      Array.from({ length: 100 }, (_, i) => ({ instance_id: `a-${i}` })),
    );
    await api.call(
      "POST",
      "/workflows/Sleeping/instances/batch",
      Array.from({ length: 100 }, (_, i) => ({ instance_id: `b-${i}` })),
    );
    await api.quiet();
    const { id } = await begin({ action: "delete", filter: {} });
    await own("DELETE", `${path}/${id}`);
    const { state, done } = await over(id);
    expect([state, done]).toEqual(["stopped", 100]);
    expect((await own("GET", "/workflows/Sleeping/instances")).result_info.total_count).toBe(100);
  });

  test("does not touch what is created after it has begun", async () => {
    await api.call(
      "POST",
      "/workflows/Sleeping/instances/batch",
      Array.from({ length: 100 }, (_, i) => ({ instance_id: `a-${i}` })),
    );
    await api.quiet();
    const { id } = await begin({ action: "delete", filter: {} });
    await create("Sleeping", "late");
    expect(await over(id)).toMatchObject({ state: "done", done: 100 });
    expect(idsOf(await own("GET", "/workflows/Sleeping/instances"))).toEqual(["late"]);
  });

  test("there may be so many at once", async () => {
    await sleep("a");
    const wanted = Array.from({ length: 12 }, () => own("POST", path, { action: "pause", filter: {} }));
    const refused = (await Promise.all(wanted)).filter(({ status }) => status === 429);
    expect(refused).toHaveLength(2);
    expect(refused[0]?.errors[0]?.code).toBe(11031);
  });

  test("is remembered when it is over, unless so many newer ones are", async () => {
    const first = await begin({ action: "pause", filter: {} });
    await over(first.id);
    for (let i = 0; i < LIMITS.actionsKept; i += 1) await over((await begin({ action: "pause", filter: {} })).id);
    expect((await own("GET", path)).result).toHaveLength(LIMITS.actionsKept);
    expect((await own("GET", `${path}/${first.id}`)).status).toBe(404);
  });

  test.each([
    ["an unknown action", { action: "paint", filter: {} }],
    ["no filter", { action: "delete" }],
    ["a filter of something else", { action: "delete", filter: { stauts: "errored" } }],
  ])("with %s is refused, and changes nothing", async (_, body) => {
    await sleep("a");
    expect((await own("POST", path, body)).status).toBe(400);
    expect((await own("GET", "/workflows/Sleeping/instances")).result).toHaveLength(1);
  });

  test("a missing bulk action is answered with 404", async () => {
    expect(await own("GET", `${path}/none`)).toMatchObject({ status: 404, errors: [{ code: 11030 }] });
    expect((await own("DELETE", `${path}/none`)).status).toBe(404);
  });
});
