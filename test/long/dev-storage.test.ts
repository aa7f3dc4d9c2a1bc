/** `stepwell dev` with KV, D1 and R2 in the project's configuration: nothing has to be made first, and nothing is lost. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { makeProject, startServer, type Project, type Server } from "../support/server.ts";

const WORKER = `
import { env, WorkflowEntrypoint } from "cloudflare:workers";
const read = async () => [await env.CACHE.get("k"), await env.DB.prepare("SELECT v FROM t").first("v"), await (await env.FILES.get("f")).text()];
export class Keeping extends WorkflowEntrypoint {
  async run(event, step) {
    await step.do("kv", () => this.env.CACHE.put("k", "in KV"));
    await step.do("d1", async () => { await this.env.DB.exec("CREATE TABLE t (v)"); await this.env.DB.prepare("INSERT INTO t VALUES (?)").bind("in D1").run(); });
    await step.do("r2", async () => { await this.env.FILES.put("f", "in R2"); });
    return read();
  }
}
export default {
  async fetch(request, { KEEPING }) {
    if (new URL(request.url).pathname === "/start") return new Response((await KEEPING.create({ id: "one" })).id);
    return Response.json(await read());
  },
};
`;

const CONFIG = `
name = "shop"
main = "index.js"
workflows = [{ name = "keeping", binding = "KEEPING", class_name = "Keeping" }]
kv_namespaces = [{ binding = "CACHE" }]
d1_databases = [{ binding = "DB", database_name = "orders" }]
[[r2_buckets]]
binding = "FILES"
bucket_name = "files"
`;

const ALL = ["in KV", "in D1", "in R2"];

let project: Project;
let server: Server;

const start = (): Promise<Server> => startServer(["dev", project.folder, "--port", "0"]);
const ask = async (): Promise<unknown> => (await fetch(`${server.url}/workers/shop/`)).json();

beforeAll(async () => {
  project = await makeProject({ "wrangler.toml": CONFIG, "index.js": WORKER });
  server = await start();
});
afterAll(async () => {
  await server.stop();
  await project.remove();
});

/** The processes of workerd that the server has. */
function processes(): number[] {
  const pid = server.process.pid ?? 0;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);
  return children.filter((child) => readFileSync(`/proc/${child}/comm`, "utf8").trim() === "workerd");
}

test("steps and requests use what the configuration names", async () => {
  await fetch(`${server.url}/workers/shop/start`);
  const path = "/workflows/keeping/instances/one";
  await vi.waitUntil(async () => (await server.call("GET", path)).result["status"] === "complete", { timeout: 20_000 });
  expect((await server.call("GET", path)).result).toMatchObject({ output: JSON.stringify(ALL) });
  expect(existsSync(join(project.folder, ".stepwell", "storage"))).toBe(true);
  expect((await server.call("GET", "/d1/database/orders")).result).toMatchObject({ name: "orders", num_tables: 1 });
});

test.runIf(process.platform === "linux")("storage survives a kill of all its processes", async () => {
  // The loader's and the storage's; one more may be kept ready.
  expect(processes().length).toBeGreaterThanOrEqual(2);
  for (const pid of processes()) process.kill(pid, "SIGKILL");
  await vi.waitUntil(async () => (await fetch(`${server.url}/workers/shop/`)).status === 200, { timeout: 20_000 });
  expect(await ask()).toEqual(ALL);
});

test("storage survives a kill of the server", async () => {
  await server.kill();
  server = await start();
  expect(await ask()).toEqual(ALL);
});
