/** Event subscriptions over HTTP, as `wrangler queues subscription` asks for them. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { openApi, type Answer, type ApiBench } from "../support/api.ts";
import { Quick } from "../support/workflows.ts";

const SUBSCRIPTIONS = "/event_subscriptions/subscriptions";

let api: ApiBench;
let queue: string;
beforeEach(async () => {
  api = await openApi({ Quick });
  queue = ((await api.call("POST", "/queues", { queue_name: "q" })).result as { queue_id: string }).queue_id;
});
afterEach(() => api.close());

const body = (more: object = {}): object => ({
  name: "q workflows.workflow",
  enabled: true,
  source: { type: "workflows.workflow", workflow_name: "Quick" },
  destination: { type: "queues.queue", queue_id: queue },
  events: ["instance.completed", "cf.workflows.workflow.instance.errored", "instance.completed"],
  ...more,
});
const create = (more: object = {}): Promise<Answer> => api.call("POST", SUBSCRIPTIONS, body(more));

test("event subscriptions are created, listed by queue, read, changed and deleted", async () => {
  const made = (await create()).result as { id: string };
  expect(made).toMatchObject({ ...body(), events: ["instance.completed", "instance.errored"] });
  expect(await api.call("GET", `${SUBSCRIPTIONS}?queue_id=${queue}&page=1&per_page=20`)).toMatchObject({
    result: [made],
    result_info: { count: 1, total_count: 1, page: 1 },
  });
  expect((await api.call("GET", `${SUBSCRIPTIONS}?queue_id=another`)).result).toEqual([]);
  const path = `${SUBSCRIPTIONS}/${made.id}`;
  expect((await api.call("GET", path)).result).toEqual(made);
  const changed = await api.call("PATCH", path, { enabled: false, events: ["instance.queued"], name: "renamed" });
  expect(changed.result).toMatchObject({ id: made.id, enabled: false, events: ["instance.queued"], name: "renamed" });
  expect((await api.call("DELETE", path)).result).toMatchObject({ id: made.id });
  expect(await api.call("GET", path)).toMatchObject({ status: 404, errors: [{ code: 10978 }] });
});

test("with a queue its subscriptions are deleted", async () => {
  await create();
  await api.call("DELETE", `/queues/${queue}`);
  expect((await api.call("GET", SUBSCRIPTIONS)).result).toEqual([]);
});

test("refusals name the field, and change nothing", async () => {
  const refusals: readonly (readonly [object, number, string])[] = [
    [{ source: { type: "r2" } }, 400, "source.type"],
    [{ source: { type: "workflows.workflow", workflow_name: "Missing" } }, 404, "workflow_name"],
    [{ destination: { type: "queues.queue", queue_id: "none" } }, 404, ""],
    [{ events: ["instance.sleeping"] }, 400, "events[0]: Allowed events: instance.queued"],
    [{ events: [] }, 400, "events"],
    [{ name: "" }, 400, "name"],
  ];
  for (const [more, status, text] of refusals) {
    const refused = await create(more);
    expect([more, refused.status]).toEqual([more, status]);
    expect(JSON.stringify(refused.errors)).toContain(text);
  }
  expect((await api.call("GET", SUBSCRIPTIONS)).result).toEqual([]);
});
