/**
 * A project that comes from Cloudflare with ids, a jurisdiction and bindings that stepwell does not have: stock wrangler deploys it,
 * twice, and brings its data along. Each test goes on where the one before it stopped.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { wranglerIn } from "../support/clients.ts";
import { makeProject, startServer, type Project, type Server } from "../support/server.ts";

const KV_ID = "0f2ac74b498b48028cb68387c421e279";
const D1_ID = "6e7f1c86-4c37-4bd9-8cf7-4e4ad1a0f7ad";

const CONFIG = {
  name: "stranger",
  main: "index.js",
  compatibility_date: "2026-11-01",
  workflows: [{ binding: "WF", name: "stranger", class_name: "Main", jurisdiction: "eu" }],
  kv_namespaces: [{ binding: "CACHE", id: KV_ID }],
  d1_databases: [{ binding: "DB", database_name: "shop", database_id: D1_ID }],
  r2_buckets: [{ binding: "FILES", bucket_name: "files" }],
  queues: { producers: [{ binding: "JOBS", queue: "jobs" }] },
  ai: { binding: "AI" },
  vectorize: [{ binding: "INDEX", index_name: "index" }],
  browser: { binding: "BROWSER" },
  stream: { binding: "ST" },
  hyperdrive: [{ binding: "HD", id: "abc" }],
  ratelimits: [{ name: "RL", namespace_id: "1", simple: { limit: 10, period: 60 } }],
  analytics_engine_datasets: [{ binding: "AE", dataset: "x" }],
  send_email: [{ name: "MAIL" }],
  worker_loaders: [{ binding: "LOADER" }],
  secrets_store_secrets: [{ binding: "SS", store_id: "s", secret_name: "n" }],
};

const CODE = `
import { WorkflowEntrypoint } from "cloudflare:workers";
export class Main extends WorkflowEntrypoint { async run(event, step) { return step.do("a", async () => 1); } }
const attempt = (use) => { try { return String(use()); } catch (error) { return error.message; } };
export default {
  async fetch(request, env) {
    const { rows } = { rows: (await env.DB.prepare("SELECT name FROM goods ORDER BY id").all().catch(() => ({ results: [] }))).results };
    return Response.json({
      rows, key: await env.CACHE.get("greeting"), file: (await (await env.FILES.get("a.txt"))?.text()) ?? null,
      ai: attempt(() => env.AI.run("model")), rl: await env.RL.limit({ key: "a" }), hd: attempt(() => env.HD.connectionString),
    });
  },
};`;

let project: Project;
let data: Project;
let server: Server;
let token: string;
let run: ReturnType<typeof wranglerIn>;

beforeAll(async () => {
  project = await makeProject({
    "wrangler.json": JSON.stringify(CONFIG),
    "index.js": CODE,
    "shop.sql": "CREATE TABLE goods (id INTEGER PRIMARY KEY, name TEXT);\nINSERT INTO goods VALUES (1, 'tea'), (2, 'cups');",
    "pairs.json": '[{ "key": "greeting", "value": "hello" }]',
    "a.txt": "a file",
  });
  data = await makeProject({});
  server = await startServer(["serve", "--data", data.folder, "--port", "0"]);
  token = await server.firstToken();
  run = wranglerIn(project.folder, {
    CLOUDFLARE_API_BASE_URL: `${server.url}/client/v4`,
    CLOUDFLARE_API_TOKEN: token,
    CLOUDFLARE_ACCOUNT_ID: "local",
  });
});
afterAll(async () => {
  await server.stop();
  await project.remove();
  await data.remove();
});

/** What a command prints that must succeed. */
async function ok(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(args);
  expect([args[0], code, stderr]).toEqual([args[0], 0, expect.not.stringContaining("ERROR") as string]);
  return stdout;
}

const api = async (method: string, path: string, body?: unknown): Promise<{ result: never }> => {
  const init: RequestInit = { method, headers: { authorization: `Bearer ${token}` } };
  if (body !== undefined) init.body = JSON.stringify(body);
  const response = await fetch(`${server.url}${path}`, init);
  expect(response.status).toBe(200);
  return (await response.json()) as { result: never };
};
const ACCOUNT = "/client/v4/accounts/local";

test("the project is deployed, and deployed again", async () => {
  // wrangler asks for queues before it uploads anything.
  await api("PUT", "/api/v1/resources", [{ type: "queue", name: "jobs" }]);
  expect(await ok("deploy")).toContain("workflow: stranger");
  expect(server.output()).toContain("AI (Workers AI)");
  expect(server.output()).toContain("ST (Stream)");
  expect(server.output()).toContain(`KV namespace "${KV_ID}" for CACHE`);
  expect((await api("GET", `${ACCOUNT}/workflows/stranger`)).result).toMatchObject({ jurisdiction: "eu" });
  expect(await ok("deploy")).toContain("workflow: stranger");
  await project.write(
    "wrangler.json",
    JSON.stringify({ ...CONFIG, workflows: [{ ...CONFIG.workflows[0], jurisdiction: "us" }] }),
  );
  const { code, stdout, stderr } = await run(["deploy"]);
  expect([code, stdout + stderr]).toEqual([1, expect.stringContaining('has jurisdiction "eu", configured "us"') as string]);
  await project.write("wrangler.json", JSON.stringify(CONFIG));
});

test("its data comes along by wrangler's own commands", async () => {
  await ok("d1", "execute", "shop", "--remote", "--yes", "--file", "shop.sql");
  await ok("kv", "bulk", "put", "--remote", "--namespace-id", KV_ID, "pairs.json");
  await ok("r2", "object", "put", "files/a.txt", "--remote", "--file", "a.txt");
  const said: unknown = await (await fetch(`${server.url}/workers/stranger/`)).json();
  expect(said).toEqual({
    rows: [{ name: "tea" }, { name: "cups" }],
    key: "hello",
    file: "a file",
    ai: expect.stringContaining('"AI" (Workers AI) is not supported') as string,
    rl: { success: true },
    hd: expect.stringContaining('"HD" (Hyperdrive) cannot be used. The server knows no database') as string,
  });
});

test("instance events are sent to a subscribed queue", async () => {
  const source = ["--source", "workflows.workflow", "--workflow-name", "stranger"];
  const events = ["--events", "instance.completed,instance.errored"];
  const made = await ok("queues", "subscription", "create", "jobs", ...source, ...events);
  const [, id = ""] = /with id '(\w+)'/.exec(made) ?? [];
  expect(await ok("queues", "subscription", "list", "jobs")).toContain(id);
  expect(await ok("queues", "subscription", "get", "jobs", "--id", id)).toContain("instance.completed, instance.errored");
  await ok("queues", "consumer", "http", "add", "jobs");
  await ok("workflows", "trigger", "stranger", "{}", "--id", "one");
  const { queue_id: queue } = ((await api("GET", `${ACCOUNT}/queues?name=jobs`)).result as { queue_id: string }[])[0] ?? {
    queue_id: "",
  };
  const pull = async (): Promise<{ body: string }[]> =>
    (
      (await api("POST", `${ACCOUNT}/queues/${queue}/messages/pull`, { batch_size: 10 })).result as {
        messages: { body: string }[];
      }
    ).messages;
  let messages = await pull();
  while (messages.length === 0) messages = await pull();
  expect(messages).toHaveLength(1);
  expect(JSON.parse(messages[0]?.body ?? "")).toMatchObject({
    type: "cf.workflows.workflow.instance.completed",
    source: { workflowName: "stranger" },
    payload: { instanceId: "one" },
    metadata: { eventSubscriptionId: id },
  });
  await ok("queues", "subscription", "update", "jobs", "--id", id, "--enabled", "false", "--events", "instance.queued");
  expect(await ok("queues", "subscription", "get", "jobs", "--id", id)).toMatch(/Enabled:\s+No/);
  await ok("queues", "subscription", "delete", "jobs", "--id", id, "--force");
  expect(await ok("queues", "subscription", "list", "jobs")).not.toContain(id);
});
