/** wrangler fills and migrates what Workers of `stepwell dev` see, as docs/dev.md says. */
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { wranglerIn } from "../support/clients.ts";
import { makeProject, startServer } from "../support/server.ts";

test("d1 migrations, kv keys and r2 objects", async () => {
  const project = await makeProject({
    "wrangler.json": JSON.stringify({
      name: "store",
      main: "index.js",
      compatibility_date: "2026-11-01",
      kv_namespaces: [{ binding: "CACHE", id: "cache" }],
      d1_databases: [{ binding: "DB", database_name: "orders", database_id: "11111111-2222-4333-8444-555555555555" }],
      r2_buckets: [{ binding: "FILES", bucket_name: "files" }],
    }),
    "index.js": `export default { async fetch(request, env) {
      const { results } = await env.DB.prepare("select id from orders").all();
      return Response.json([results, await env.CACHE.get("greeting"), await (await env.FILES.get("a.txt")).text()]);
    } };`,
    "migrations/0001_orders.sql": "create table orders (id integer); insert into orders values (7);",
    "a.txt": "a file",
  });
  onTestFinished(() => project.remove());
  const server = await startServer(["dev", project.folder, "--port", "0", "--inspector-port", "0"]);
  onTestFinished(() => server.kill());
  const wrangler = wranglerIn(project.folder, {
    CLOUDFLARE_API_BASE_URL: `${server.url}/client/v4`,
    CLOUDFLARE_API_TOKEN: "local",
    CLOUDFLARE_ACCOUNT_ID: "local",
  });
  for (const args of [
    ["d1", "migrations", "apply", "DB", "--remote"],
    ["kv", "key", "put", "greeting", "hello", "--binding", "CACHE", "--remote"],
    ["r2", "object", "put", "files/a.txt", "--file", join(project.folder, "a.txt"), "--remote"],
  ])
    expect(await wrangler(args)).toMatchObject({ code: 0 });
  expect(await (await fetch(`${server.url}/workers/store/`)).json()).toEqual([[{ id: 7 }], "hello", "a file"]);
});
