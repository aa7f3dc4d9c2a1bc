/** A project for test harnesses: a workflow, a Durable Object, a database with migrations, assets, and a second Worker. */

const SHOP = `
import { DurableObject, WorkflowEntrypoint } from "cloudflare:workers";

export class Order extends WorkflowEntrypoint {
  async run({ payload }, step) {
    const paid = await step.do("pay", { retries: { limit: 2, delay: "1 hour" } }, async () => { throw new Error("no network"); });
    await step.sleep("night", "8 hours");
    const { payload: answer } = await step.waitForEvent("approval", { type: "approval", timeout: "1 day" });
    const receipt = await step.do("receipt", async () => {
      await this.env.DB.prepare("INSERT INTO orders (total, paid) VALUES (?, ?)").bind(payload.total, paid).run();
      return (await this.env.POST.fetch("http://post/" + paid)).text();
    });
    return { receipt, answer };
  }
}

export class Patient extends WorkflowEntrypoint {
  async run(_, step) {
    try { return (await step.waitForEvent("word", { type: "word", timeout: "1 day" })).payload; }
    catch (cause) { return "timed out"; }
  }
}

export class Counter extends DurableObject {
  async add(by) { const count = ((await this.ctx.storage.get("count")) ?? 0) + by; await this.ctx.storage.put("count", count); return count; }
  async fetch(request) { return new Response("counter " + new URL(request.url).pathname); }
}

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    switch (url.pathname) {
      case "/count": return Response.json(await env.COUNTER.get(env.COUNTER.idFromName("a")).add(1));
      case "/post": return new Response(await (await env.POST.fetch("http://post/hello")).text());
      case "/vars": return Response.json([env.MODE, env.SECRET, env.ONLY]);
      case "/echo": return new Response(request.method + " " + await request.text());
      case "/redirect": return Response.redirect(url.origin + "/landed", 302);
      case "/landed": return new Response("landed");
      case "/throw": throw new TypeError("thrown by the Worker");
      case "/last": return new Response(await env.KV.get("last"));
      case "/outside": return new Response(await (await fetch("https://outside.example/x", { method: "POST", body: "hi" })).text());
      case "/send": await env.QUEUE.send(url.search); return new Response("sent");
      default: console.log("asked for", url.pathname); return new Response("shop " + url.host);
    }
  },
  async scheduled({ cron, scheduledTime }, env) {
    if (cron === "bad") throw new Error("bad cron");
    await env.KV.put("last", cron + " " + scheduledTime);
  },
  async queue(batch, env) { await env.KV.put("last", "queue " + batch.messages.map(({ body }) => body).join()); },
};
`;

const POST = `
import { WorkerEntrypoint } from "cloudflare:workers";
export default class extends WorkerEntrypoint {
  greet(name) { return { text: "dear " + name, at: new Date(7) }; }
  fail() { throw new RangeError("too far"); }
  fetch(request) { return new Response("post " + new URL(request.url).pathname); }
}
`;

const COMMON = { main: "index.js", compatibility_date: "2026-11-01" };

/** Files by their paths. */
export const HARNESS_PROJECT: Readonly<Record<string, string>> = {
  "shop/wrangler.json": JSON.stringify({
    ...COMMON,
    name: "shop",
    vars: { MODE: "configured" },
    workflows: [
      { name: "order", binding: "ORDER", class_name: "Order" },
      { name: "patient", binding: "PATIENT", class_name: "Patient" },
    ],
    durable_objects: { bindings: [{ name: "COUNTER", class_name: "Counter" }] },
    migrations: [{ tag: "v1", new_sqlite_classes: ["Counter"] }],
    d1_databases: [{ binding: "DB", database_name: "orders", database_id: "orders", migrations_dir: "tables" }],
    kv_namespaces: [{ binding: "KV", id: "kv" }],
    r2_buckets: [{ binding: "FILES", bucket_name: "files" }],
    services: [{ binding: "POST", service: "post" }],
    queues: {
      producers: [{ binding: "QUEUE", queue: "mail" }],
      consumers: [{ queue: "mail", max_batch_size: 1, max_batch_timeout: 0 }],
    },
    assets: { directory: "public", binding: "ASSETS" },
    triggers: { crons: ["0 * * * *"] },
  }),
  "shop/index.js": SHOP,
  "shop/.dev.vars": "SECRET=from the file\nONLY=of the file",
  "shop/public/page.txt": "a page",
  "shop/tables/0001_orders.sql": "CREATE TABLE orders (total INTEGER, paid TEXT);",
  "shop/tables/0002_more.sql": "CREATE TABLE more (n INTEGER);\nINSERT INTO more VALUES (1), (2);",
  "post/wrangler.json": JSON.stringify({ ...COMMON, name: "post", routes: ["post.example/*"] }),
  "post/index.js": POST,
};
