/**
 * Workers that need one another, deployed by stock wrangler to a server that is killed in between: a service with a workflow
 * of its own, a Durable Object that counts, and static assets. Each test goes on where the one before it stopped.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { wranglerIn } from "../support/clients.ts";
import { makeProject, startServer, type Project, type Server } from "../support/server.ts";

const config = (name: string, more: object): string =>
  JSON.stringify({ name, main: "src/index.ts", compatibility_date: "2026-11-01", ...more });

const BILLING = `
import { WorkerEntrypoint, WorkflowEntrypoint, type WorkflowStep } from "cloudflare:workers";
export class Invoice extends WorkflowEntrypoint {
  async run(event: { payload: { total: number } }, step: WorkflowStep) {
    return step.do("write", async () => "invoice of " + event.payload.total);
  }
}
export class Prices extends WorkerEntrypoint {
  async total(prices: number[], tax: (net: number) => Promise<number>) { return await tax(prices.reduce((a, b) => a + b, 0)); }
}
export default { fetch: () => new Response("billing MARK") };
`;

const SHOP = `
import { DurableObject, WorkflowEntrypoint, type WorkflowStep } from "cloudflare:workers";
export class Counter extends DurableObject {
  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS orders (id TEXT)");
  }
  order(id: string) {
    this.ctx.storage.sql.exec("INSERT INTO orders VALUES (?)", id);
    return { mark: "MARK", orders: this.ctx.storage.sql.exec("SELECT count(*) AS n FROM orders").one().n };
  }
}
export class Order extends WorkflowEntrypoint<any> {
  async run(event: { instanceId: string }, step: WorkflowStep) {
    const total = await step.do("total", () => this.env.PRICES.total([1, 2], (net: number) => net * 2));
    const counted = await step.do("count", () => this.env.COUNTER.getByName("all").order(event.instanceId));
    await step.do("invoice", async () => { await this.env.INVOICE.create({ id: event.instanceId, params: { total } }); });
    return { total, counted };
  }
}
export default {
  async fetch(request: Request, env: any): Promise<Response> {
    if (new URL(request.url).pathname === "/billing") return env.BILLING.fetch(request);
    return Response.json((await env.ORDER.create()).id);
  },
};
`;

const BOUND = {
  workflows: [
    { name: "order", binding: "ORDER", class_name: "Order" },
    { name: "invoice", binding: "INVOICE", class_name: "Invoice", script_name: "billing" },
  ],
  services: [
    { binding: "BILLING", service: "billing" },
    { binding: "PRICES", service: "billing", entrypoint: "Prices" },
  ],
  durable_objects: { bindings: [{ name: "COUNTER", class_name: "Counter" }] },
  migrations: [{ tag: "v1", new_sqlite_classes: ["Counter"] }],
};

let billing: Project;
let shop: Project;
let data: Project;
let server: Server;
let environment: Record<string, string>;

const serve = (port: string): Promise<Server> => startServer(["serve", "--data", data.folder, "--port", port]);

beforeAll(async () => {
  const invoice = { workflows: [{ name: "invoice", binding: "INVOICE", class_name: "Invoice" }] };
  billing = await makeProject({ "wrangler.json": config("billing", invoice), "src/index.ts": BILLING.replace("MARK", "one") });
  shop = await makeProject({ "wrangler.json": config("shop", BOUND), "src/index.ts": SHOP.replace("MARK", "one") });
  data = await makeProject({});
  server = await serve("0");
  environment = {
    CLOUDFLARE_API_BASE_URL: `${server.url}/client/v4`,
    CLOUDFLARE_API_TOKEN: await server.firstToken(),
    CLOUDFLARE_ACCOUNT_ID: "local",
  };
});
afterAll(async () => {
  await server.stop();
  for (const project of [billing, shop, data]) await project.remove();
});

const wrangler = async (project: Project, ...args: readonly string[]): Promise<{ code: number; printed: string }> => {
  const { code, stdout, stderr } = await wranglerIn(project.folder, environment)(args);
  return { code, printed: stdout + stderr };
};
const deploy = async (project: Project): Promise<void> => expect(await wrangler(project, "deploy")).toMatchObject({ code: 0 });

const begin = async (): Promise<string> => (await (await fetch(`${server.url}/workers/shop/`)).json()) as string;

/** What an instance has returned, once it has. */
async function output(workflow: string, id: string): Promise<unknown> {
  const path = `${server.url}/client/v4/accounts/local/workflows/${workflow}/instances/${id}`;
  const headers = { authorization: `Bearer ${environment["CLOUDFLARE_API_TOKEN"]}` };
  const events = await fetch(`${path}/subscribe`, { headers: { ...headers, accept: "text/event-stream" } });
  await events.text();
  const { result } = (await (await fetch(path, { headers })).json()) as { result: { output: unknown; status: string } };
  expect(result).toMatchObject({ status: "complete" });
  return typeof result.output === "string" ? JSON.parse(result.output) : result.output;
}

test("a Worker that is bound to one that is not there is refused", async () => {
  const { code, printed } = await wrangler(shop, "deploy");
  expect([code === 0, printed]).toEqual([false, expect.stringContaining("[code: 10143]")]);
});

test("a workflow calls another Worker, another Worker's workflow and a Durable Object", async () => {
  await deploy(billing);
  await deploy(shop);
  const id = await begin();
  expect(await output("order", id)).toEqual({ total: 6, counted: { mark: "one", orders: 1 } });
  expect(await output("invoice", id)).toBe("invoice of 6");
  expect(await (await fetch(`${server.url}/workers/shop/billing`)).text()).toBe("billing one");
});

test("a new version of the other Worker is called at once, and objects go on with new code", async () => {
  await billing.write("src/index.ts", BILLING.replace("MARK", "two"));
  await deploy(billing);
  expect(await (await fetch(`${server.url}/workers/shop/billing`)).text()).toBe("billing two");
  await shop.write("src/index.ts", SHOP.replace("MARK", "two"));
  await deploy(shop);
  expect(await output("order", await begin())).toMatchObject({ counted: { mark: "two", orders: 2 } });
});

test("a Worker of static assets alone, and one that has code besides", async () => {
  const assets = (more: object): string =>
    JSON.stringify({ name: "site", compatibility_date: "2026-11-01", assets: { directory: "./public", ...more } });
  const site = await makeProject({
    "wrangler.json": assets({ not_found_handling: "404-page" }),
    "public/index.html": "<h1>home</h1>",
    "public/404.html": "<h1>not here</h1>",
    "public/app/main.js": "run();",
    "public/_redirects": "/old/* /app/:splat 301",
    "public/_headers": "/app/*\n  X-Kind: app",
  });
  const get = async (path: string): Promise<[number, string]> => {
    const response = await fetch(`${server.url}/workers/site${path}`);
    return [response.status, await response.text()];
  };
  await deploy(site);
  expect([await get("/"), await get("/app/main.js")]).toEqual([
    [200, "<h1>home</h1>"],
    [200, "run();"],
  ]);
  expect(await get("/else")).toEqual([404, "<h1>not here</h1>"]);
  const moved = await fetch(`${server.url}/workers/site/old/main.js`, { redirect: "manual" });
  expect([moved.status, moved.headers.get("location")]).toEqual([301, "/workers/site/app/main.js"]);
  expect((await fetch(`${server.url}/workers/site/app/main.js`)).headers.get("x-kind")).toBe("app");
  await site.write("src/index.js", "export default { fetch: (request, env) => env.ASSETS.fetch('http://a/app/main.js') };");
  await site.write("wrangler.json", assets({ binding: "ASSETS" }).replace("{", '{ "main": "src/index.js",'));
  await deploy(site);
  expect([await get("/"), await get("/else")]).toEqual([
    [200, "<h1>home</h1>"],
    [200, "run();"],
  ]);
  await site.remove();
});

test("objects are there after the server was killed", async () => {
  await server.kill();
  server = await serve(new URL(server.url).port);
  expect(await output("order", await begin())).toMatchObject({ counted: { mark: "two", orders: 3 } });
});

test("wrangler warns before it deletes a Worker that another one is bound to", async () => {
  // Without a terminal to ask on, wrangler assumes yes.
  const { printed } = await wrangler(billing, "delete");
  expect(printed).toContain("Worker shop (production) uses this Worker as a Service Binding");
  expect((await fetch(`${server.url}/workers/billing/`)).status).toBe(404);
});
