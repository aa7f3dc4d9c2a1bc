/**
 * KV, D1 and R2 as their user sees them: stock wrangler makes them, deploys a Worker whose workflow uses all three, and reads
 * what it has left there, also after the server has been killed. Each test goes on where the one before it stopped.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { wranglerIn } from "../support/clients.ts";
import { makeProject, startServer, type Project, type Server } from "../support/server.ts";

const WORKER = `
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

export class Import extends WorkflowEntrypoint<Env, { order: string }> {
  async run({ payload: { order } }: WorkflowEvent<{ order: string }>, step: WorkflowStep) {
    await step.do("remember", () => this.env.CACHE.put(order, "seen", { metadata: { from: "step" } }));
    const { last_row_id } = await step.do("insert", async () => {
      const { meta } = await this.env.DB.prepare("INSERT INTO orders (name) VALUES (?)").bind(order).run();
      return { last_row_id: meta.last_row_id };
    });
    const size = await step.do("keep", async () => (await this.env.BUCKET.put(order + "/receipt.txt", "paid: " + order))!.size);
    // Outside of steps, too.
    const { value, metadata } = await this.env.CACHE.getWithMetadata(order);
    return { last_row_id, size, value, metadata };
  }
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { results } = await env.DB.prepare("SELECT name FROM orders ORDER BY id").all();
    return Response.json({ results, keys: (await env.CACHE.list()).keys.length, object: await (await env.BUCKET.get("first/receipt.txt"))?.text() });
  },
} satisfies ExportedHandler<Env>;
`;

const config = (kv: string, d1: string): string =>
  JSON.stringify({
    name: "shop",
    main: "src/index.ts",
    compatibility_date: "2026-11-01",
    workflows: [{ name: "import", binding: "IMPORT", class_name: "Import" }],
    kv_namespaces: [{ binding: "CACHE", id: kv }],
    d1_databases: [{ binding: "DB", database_name: "orders", database_id: d1 }],
    r2_buckets: [{ binding: "BUCKET", bucket_name: "receipts" }],
  });

const MIGRATION = `-- What has been ordered.
CREATE TABLE orders (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE INDEX by_name ON orders (name);
`;

let project: Project;
let data: Project;
let server: Server;
let token = "";

const FILES = {
  "package.json": '{ "name": "shop", "private": true }',
  "src/index.ts": WORKER,
  "migrations/0001_orders.sql": MIGRATION,
};

beforeAll(async () => {
  project = await makeProject({ ...FILES, "note.txt": "kept by hand" });
  data = await makeProject({});
  server = await startServer(["serve", "--data", data.folder, "--port", "0"]);
  token = await server.firstToken();
});
afterAll(async () => {
  await server.stop();
  await project.remove();
  await data.remove();
});

/** What a command prints that must succeed. */
async function ok(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await wrangler(...args);
  expect([code, code === 0 ? "" : stderr + stdout]).toEqual([0, ""]);
  return stdout;
}

const wrangler = (...args: readonly string[]): ReturnType<ReturnType<typeof wranglerIn>> =>
  wranglerIn(project.folder, {
    CLOUDFLARE_API_BASE_URL: `${server.url}/client/v4`,
    CLOUDFLARE_API_TOKEN: token,
    CLOUDFLARE_ACCOUNT_ID: "local",
  })(args);

const kv = (...args: readonly string[]): Promise<string> => ok("kv", "key", ...args, "--binding", "CACHE", "--remote");

/** Rows of a statement. */
async function rows(sql: string): Promise<unknown> {
  const [result] = JSON.parse(await ok("d1", "execute", "orders", "--remote", "--json", "--command", sql)) as {
    results: unknown;
  }[];
  return result?.results;
}

const ask = async (): Promise<unknown> => (await fetch(`${server.url}/workers/shop/`)).json();

/** What an instance has returned, once it has ended. */
async function outputOf(id: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}`, accept: "text/event-stream" };
  const url = `${server.url}/client/v4/accounts/local/workflows/import/instances/${id}`;
  const reader = (await fetch(`${url}/subscribe?filter=workflow_completed`, { headers })).body?.getReader();
  await reader?.read();
  await reader?.cancel();
  const { result } = (await (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).json()) as {
    result: { output: string };
  };
  return JSON.parse(result.output);
}

test("wrangler makes a namespace, a database with its tables, and a bucket", async () => {
  const namespace = /"id": "([0-9a-f]{32})"/.exec(await ok("kv", "namespace", "create", "cache"))?.[1] ?? "";
  const database = /"database_id": "([0-9a-f-]{36})"/.exec(await ok("d1", "create", "orders"))?.[1] ?? "";
  await ok("r2", "bucket", "create", "receipts");
  await project.write("wrangler.json", config(namespace, database));
  expect(await ok("d1", "migrations", "apply", "orders", "--remote")).toContain("0001_orders.sql");
  expect(await ok("d1", "migrations", "list", "orders", "--remote")).toContain("No migrations to apply");
  expect(JSON.parse(await ok("kv", "namespace", "list"))).toMatchObject([{ id: namespace, title: "cache" }]);
  expect(JSON.parse(await ok("d1", "list", "--json"))).toMatchObject([{ uuid: database, name: "orders" }]);
  expect(await ok("r2", "bucket", "list")).toContain("receipts");
  expect(JSON.parse(await ok("d1", "info", "orders", "--json"))).toMatchObject({ uuid: database, num_tables: 2 });
  expect(await ok("r2", "bucket", "info", "receipts")).toContain("receipts");
});

test("a workflow's steps use all three, and wrangler reads what they have left", async () => {
  await ok("deploy");
  await ok("workflows", "trigger", "import", '{"order":"first"}', "--id", "one");
  expect(await outputOf("one")).toEqual({ last_row_id: 1, size: 11, value: "seen", metadata: { from: "step" } });
  expect((await kv("get", "first", "--text")).trim()).toBe("seen");
  expect(await rows("SELECT * FROM orders")).toEqual([{ id: 1, name: "first" }]);
  expect(await ok("r2", "object", "get", "receipts/first/receipt.txt", "--remote", "--pipe")).toBe("paid: first");
});

test("wrangler writes, and the Worker reads it", async () => {
  await kv("put", "by hand/é", "yes", "--metadata", '{"a":1}', "--ttl", "3600");
  expect(JSON.parse(await kv("list"))).toMatchObject([{ name: "by hand/é", metadata: { a: 1 } }, { name: "first" }]);
  await project.write("bulk.json", '[{ "key": "b1", "value": "1" }, { "key": "b2", "value": "2" }]');
  await ok("kv", "bulk", "put", "bulk.json", "--binding", "CACHE", "--remote");
  expect(await ask()).toMatchObject({ keys: 4 });
  await project.write("keys.json", '["b1", "b2"]');
  expect(await ok("kv", "bulk", "get", "keys.json", "--binding", "CACHE", "--remote")).toContain('"b2"');
  await ok("kv", "bulk", "delete", "keys.json", "--binding", "CACHE", "--remote", "--force");
  await kv("delete", "by hand/é");
  await rows("INSERT INTO orders (name) VALUES ('second')");
  await project.write("more.sql", "INSERT INTO orders (name) VALUES ('third');\nDELETE FROM orders WHERE name = 'third';\n");
  expect(await ok("d1", "execute", "orders", "--remote", "--file", "more.sql", "-y")).toContain("Executed");
  await ok("d1", "export", "orders", "--remote", "--output", "dump.sql", "-y");
  expect(await readFile(join(project.folder, "dump.sql"), "utf8")).toContain("VALUES(2,'second');");
  await ok("r2", "object", "put", "receipts/notes/a b.txt", "--file", "note.txt", "--content-type", "text/plain", "--remote");
  expect(await ok("r2", "object", "get", "receipts/notes/a b.txt", "--remote", "--pipe")).toBe("kept by hand");
  expect(await ask()).toEqual({ results: [{ name: "first" }, { name: "second" }], keys: 1, object: "paid: first" });
});

test("all of it is there after the server has been killed", async () => {
  await server.kill();
  server = await startServer(["serve", "--data", data.folder, "--port", "0"]);
  expect((await kv("get", "first", "--text")).trim()).toBe("seen");
  expect(await rows("SELECT count(*) AS n FROM orders")).toEqual([{ n: 2 }]);
  expect(await ok("r2", "object", "get", "receipts/first/receipt.txt", "--remote", "--pipe")).toBe("paid: first");
  expect(await ask()).toEqual({ results: [{ name: "first" }, { name: "second" }], keys: 1, object: "paid: first" });
});

test("without ids wrangler makes what is missing; a binding to what is not there is refused by name", async () => {
  await project.write("wrangler.json", config("00000000000000000000000000000000", "none"));
  const { code, stdout, stderr } = await wrangler("deploy");
  expect(code).toBe(1);
  expect(stdout + stderr).toContain(
    '"CACHE" is bound to the KV namespace "00000000000000000000000000000000", which does not exist',
  );
  const bare = { ...(JSON.parse(config("", "")) as object), name: "fresh", workflows: [] };
  const bindings = {
    kv_namespaces: [{ binding: "CACHE" }],
    d1_databases: [{ binding: "DB" }],
    r2_buckets: [{ binding: "BUCKET" }],
  };
  await project.write("wrangler.json", JSON.stringify({ ...bare, ...bindings }));
  await ok("deploy");
  expect(await ok("kv", "namespace", "list")).toContain("fresh-cache");
  expect(await ok("r2", "bucket", "list")).toContain("fresh-bucket");
  expect(await ok("d1", "list", "--json")).toContain("fresh-db");
});

test("and wrangler deletes it again", async () => {
  await project.write("wrangler.json", JSON.stringify({ name: "shop", main: "src/index.ts", compatibility_date: "2026-11-01" }));
  const [cache] = JSON.parse(await ok("kv", "namespace", "list")) as { id: string }[];
  await ok("kv", "namespace", "delete", "--namespace-id", cache?.id ?? "", "-y");
  await ok("d1", "delete", "orders", "-y");
  const full = await wrangler("r2", "bucket", "delete", "receipts");
  expect(full.stdout + full.stderr).toContain("not empty");
  await ok("r2", "object", "delete", "receipts/first/receipt.txt", "--remote");
  await ok("r2", "object", "delete", "receipts/notes/a b.txt", "--remote");
  await ok("r2", "bucket", "delete", "receipts");
  expect(await ok("r2", "bucket", "list")).not.toContain("receipts");
});
