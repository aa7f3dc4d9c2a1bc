/** A project of a stranger that is tested with the plugin of `stepwell/vitest`: a workflow with D1, KV, R2 and a queue, and its tests. */

export const VITEST_PROJECT: Readonly<Record<string, string>> = {
  "package.json": `{ "name": "stranger", "private": true, "type": "module" }`,
  "wrangler.jsonc": `{ "name": "orders", "main": "src/index.ts", "compatibility_date": "2026-11-01", "vars": { "MODE": "test" },
  "workflows": [{ "binding": "ORDER", "name": "orders", "class_name": "Order" }],
  "kv_namespaces": [{ "binding": "KV", "id": "kv" }], "r2_buckets": [{ "binding": "BUCKET", "bucket_name": "mails" }],
  "d1_databases": [{ "binding": "DB", "database_name": "orders", "database_id": "db", "migrations_dir": "migrations" }],
  "queues": { "producers": [{ "binding": "MAIL", "queue": "mail" }], "consumers": [{ "queue": "mail" }] },
  "durable_objects": { "bindings": [{ "name": "COUNTER", "class_name": "Counter" }] }, "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Counter"] }] }
`,
  "vitest.config.ts": `import { stepwellTest } from "stepwell/vitest";
export default { plugins: [stepwellTest()] };
`,
  "migrations/0001_orders.sql": `CREATE TABLE orders (id TEXT PRIMARY KEY, total INTEGER);
CREATE TABLE notes (text TEXT);
`,
  "migrations/0002_more.sql": `ALTER TABLE orders ADD COLUMN paid INTEGER DEFAULT 0;
`,
  "src/pay.ts": `export const pay = async (id: string): Promise<string> => { throw new Error("not in tests: " + id); };
`,
  "src/index.ts": `import { DurableObject, env as imported, WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";
import { NonRetryableError } from "cloudflare:workflows";
import { pay } from "./pay";
export class Counter extends DurableObject {}
export class Order extends WorkflowEntrypoint<any, { total: number }> {
  async run(event: WorkflowEvent<{ total: number }>, step: WorkflowStep) {
    if (event.payload.total < 0) throw new NonRetryableError("negative");
    await step.do("store", () => this.env.DB.prepare("INSERT INTO orders (id, total) VALUES (?, ?)").bind(event.instanceId, event.payload.total).run());
    await step.sleep("cool off", "14 days");
    const receipt = await step.do("pay", () => pay(event.instanceId));
    await step.do("note", async () => { await this.env.KV.put(event.instanceId, receipt); await this.env.MAIL.send({ to: event.instanceId }); });
    return { receipt, mode: (imported as any).MODE };
  }
}
export default {
  async fetch(request: Request, env: any, ctx: any): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/order") return Response.json((await env.ORDER.create({ params: { total: 5 } })).id);
    ctx.waitUntil(env.KV.put("visited", pathname));
    return new Response(await env.KV.get(pathname.slice(1)) ?? "none");
  },
  async queue(batch: any, env: any) { for (const { body } of batch.messages) await env.BUCKET.put("mail/" + body.to, JSON.stringify(body)); },
  async scheduled(controller: any, env: any) { await env.KV.put("cron", controller.cron); },
};
`,
  "test/order.test.ts": `import { env, exports } from "cloudflare:workers";
import { applyD1Migrations, createExecutionContext, createMessageBatch, createScheduledController, getQueueResult, introspectWorkflow, introspectWorkflowInstance, reset, SELF, waitOnExecutionContext } from "cloudflare:test";
import { readD1Migrations } from "stepwell/vitest";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import worker from "../src/index";
import { pay } from "../src/pay";

vi.mock("../src/pay", () => ({ pay: vi.fn(async (id: string) => "receipt of " + id) }));

beforeEach(async () => applyD1Migrations(env.DB, await readD1Migrations("migrations")));
afterEach(() => reset());

test("a workflow with real D1, KV, a queue and R2, and a mocked module", async () => {
  await using instance = await introspectWorkflowInstance(env.ORDER, "one");
  await instance.modify((m) => m.disableSleeps());
  await env.ORDER.create({ id: "one", params: { total: 3 } });
  await instance.waitForStatus("complete");
  expect(await instance.getOutput()).toEqual({ receipt: "receipt of one", mode: "test" });
  expect(pay).toHaveBeenCalledWith("one");
  expect(await env.DB.prepare("SELECT id, total, paid FROM orders").all()).toMatchObject({ results: [{ id: "one", total: 3, paid: 0 }] });
  expect(await env.KV.get("one")).toBe("receipt of one");
  await vi.waitFor(async () => expect(await (await env.BUCKET.get("mail/one"))?.json()).toEqual({ to: "one" }));
});

test("storage is reset, steps are mocked, and instances that a request creates are seen", async () => {
  expect((await env.DB.prepare("SELECT count(*) AS n FROM orders").first())).toEqual({ n: 0 });
  expect(await env.KV.get("one")).toBeNull();
  await using all = await introspectWorkflow(env.ORDER);
  await all.modifyAll(async (m) => { await m.mockStepResult({ name: "pay" }, "mocked"); });
  const id = await (await SELF.fetch("http://orders.test/order")).json();
  const [instance] = await all.get();
  await instance!.waitForStatus("complete");
  expect(await instance!.getOutput()).toMatchObject({ receipt: "mocked" });
  expect(await (await exports.default.fetch("http://orders.test/" + id)).text()).toBe("mocked");
});

test("errors are seen", async () => {
  await using instance = await introspectWorkflowInstance(env.ORDER, "bad");
  await env.ORDER.create({ id: "bad", params: { total: -1 } });
  await instance.waitForStatus("errored");
  expect((await instance.getError()).message).toContain("NonRetryableError");
});

test("handlers are called with contexts, batches and controllers", async () => {
  const ctx = createExecutionContext();
  const response = await worker.fetch(new Request("http://orders.test/x"), env, ctx);
  await waitOnExecutionContext(ctx);
  expect([await response.text(), await env.KV.get("visited")]).toEqual(["none", "/x"]);
  const batch = createMessageBatch("mail", [{ id: "m1", timestamp: new Date(1000), attempts: 1, body: { to: "q" } }]);
  await worker.queue(batch, env);
  expect(await getQueueResult(batch, ctx)).toMatchObject({ outcome: "ok", ackAll: false });
  await worker.scheduled(createScheduledController({ cron: "* * * * *" }), env);
  expect(await env.KV.get("cron")).toBe("* * * * *");
});

test("an unsupported binding throws an error with its name", () => {
  expect(() => env.COUNTER.idFromName("a")).toThrow("COUNTER");
});
`,
};
