/** `stepwell dev` takes a project as `wrangler deploy` would: environments, secrets, exports, custom builds, and what is not there. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { MAIN, makeProject, startServer, type Project, type Server } from "./support/server.ts";

const CONFIG = `
name = "shop"
main = "made/index.js"
compatibility_date = "2026-11-01"
[vars]
MODE = "top"
[build]
command = "node build.mjs"
watch_dir = "src"
[exports.Order]
type = "workflow"
name = "orders"
default_retention = { success_retention = "2 hours", error_retention = "3 days" }
[exports.Counter]
type = "durable-object"
storage = "sqlite"
[env.staging]
vars = { MODE = "staging", PLAIN = "plain" }
define = { __BUILD__ = '"b1"' }
ratelimits = [{ name = "LIMIT", namespace_id = "1", simple = { limit = 1000, period = 60 } }]
ai = { binding = "AI" }
durable_objects = { bindings = [{ name = "COUNTER", class_name = "Counter" }] }
`;

const WORKER = `
import { EventEmitter } from "events";
import note from "./note.txt";
import { DurableObject, WorkflowEntrypoint } from "cloudflare:workers";
export class Order extends WorkflowEntrypoint {
  run(event, step) { return step.do("a", async () => [typeof new EventEmitter().on, this.env.MODE]); }
}
export class Counter extends DurableObject {
  async next() { const n = ((await this.ctx.storage.get("n")) ?? 0) + 1; await this.ctx.storage.put("n", n); return n; }
}
const used = (use) => { try { return use(); } catch (error) { return error.message; } };
export default { async fetch(request, env, ctx) {
  if (new URL(request.url).pathname === "/start") return new Response((await ctx.exports.Order.create()).id);
  return Response.json({
    version: VERSION, note, build: __BUILD__, mode: env.MODE, plain: env.PLAIN, secret: env.SECRET, given: env.GIVEN,
    exports: Object.keys(ctx.exports).sort(), counted: await env.COUNTER.get(env.COUNTER.idFromName("a")).next(),
    own: await ctx.exports.Counter.getByName("b").next(),
    limit: await env.LIMIT.limit({ key: "a" }), ai: used(() => env.AI.run("model")), printed: JSON.stringify({ ai: env.AI }),
  });
} };
`;

const FILES = {
  "wrangler.toml": CONFIG,
  ".env": "MODE=dotenv\nSECRET=from-dotenv\n",
  ".env.staging": "SECRET=$MODE of staging\n",
  "src/version.txt": "1",
  "src/worker.js": WORKER,
  "build.mjs": `
    import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
    mkdirSync("made", { recursive: true });
    const [version, worker] = ["src/version.txt", "src/worker.js"].map((file) => readFileSync(file, "utf8"));
    writeFileSync("made/note.txt", "a note");
    writeFileSync("made/index.js", worker.replace("VERSION", version));
    console.log("built", version);`,
};

let project: Project;
let server: Server;

beforeAll(async () => {
  project = await makeProject(FILES);
  server = await startServer(["dev", project.folder, "--port", "0", "-e", "staging", "--var", "GIVEN:given:twice"]);
});
afterAll(async () => {
  await server.kill();
  await project.remove();
});

/** Asks a Worker by its host name. */
async function ask(
  at: Server,
  script: string,
  path: string,
): Promise<{ readonly status: number | undefined; readonly body: string }> {
  const headers = { host: `${script}.localhost:${new URL(at.url).port}` };
  const signal = AbortSignal.timeout(10_000);
  const [response] = (await once(request(`${at.url}${path}`, { headers, signal }).end(), "response")) as [
    AsyncIterable<Buffer> & { statusCode?: number },
  ];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, body: Buffer.concat(chunks).toString() };
}

const state = async (): Promise<Record<string, unknown>> =>
  JSON.parse((await ask(server, "shop-staging", "/")).body) as Record<string, unknown>;

test("the environment counts, with its name, variables and secrets, and what the command line says", async () => {
  expect(await state()).toMatchObject({
    version: 1,
    note: "a note",
    build: "b1",
    mode: "dotenv",
    plain: "plain",
    secret: "dotenv of staging",
    given: "given:twice",
    counted: 1,
    own: 1,
  });
  expect(server.output()).toContain("[custom build] built 1");
  expect(server.output()).toContain("Using secrets defined in .env, .env.staging");
  expect(server.output()).not.toContain("from-dotenv");
});

test("workflows in exports run, are found in ctx.exports, and have their settings", async () => {
  expect((await state())["exports"]).toEqual(["Counter", "Order", "default"]);
  const id = (await ask(server, "shop-staging", "/start")).body;
  const shown = await vi.waitUntil(
    async () => {
      const { result } = await server.call("GET", `/workflows/orders/instances/${id}`);
      return (result as { status: string; output: string }).status === "complete" && result;
    },
    { timeout: 20_000 },
  );
  expect(JSON.parse((shown as { output: string }).output)).toEqual(["function", "dotenv"]);
  const { result } = await server.call("GET", "/workflows/orders");
  expect(result).toMatchObject({ script_name: "shop-staging", class_name: "Order" });
});

test("bindings that are not there are named, all at once, and throw when they are used", async () => {
  expect(server.output()).toContain("which throw an error when used: AI (Workers AI)");
  expect(await state()).toMatchObject({
    limit: { success: true },
    ai: expect.stringContaining('The binding "AI" (Workers AI) is not supported by stepwell') as string,
    printed: '{"ai":{}}',
  });
});

test(
  "a change of what the build command works from, of secrets, and a file that was missing are noticed",
  { timeout: 90_000 },
  async () => {
    const becomes = (wanted: Record<string, unknown>): Promise<void> =>
      vi.waitFor(async () => expect({ ...(await state()), printed: server.output() }).toMatchObject(wanted), { timeout: 20_000 });
    await project.write("src/version.txt", "2");
    await becomes({ version: 2 });
    await project.write(".env.staging", "SECRET=changed\n");
    await becomes({ version: 2, secret: "changed" });
    await project.write("src/worker.js", `import { later } from "./later.js";\n${WORKER.replace("VERSION", "later + VERSION")}`);
    await vi.waitFor(() => expect(server.output()).toContain('Could not resolve "./later.js"'), { timeout: 20_000 });
    expect(await state()).toMatchObject({ version: 2 });
    await project.write("made/later.js", "export const later = 40;");
    await becomes({ version: 42 });
  },
);

test("a project without a name, and one without code, run", async () => {
  const bare = await makeProject({ "wrangler.json": '{ "assets": { "directory": "public" } }', "public/index.html": "a page" });
  const other = await startServer(["dev", bare.folder, "--port", "0"]);
  expect(await ask(other, "worker", "/")).toEqual({ status: 200, body: "a page" });
  expect((await ask(other, "worker", "/nothing")).status).toBe(404);
  await bare.write("public/more.txt", "more");
  await vi.waitFor(async () => expect((await ask(other, "worker", "/more.txt")).body).toBe("more"), { timeout: 20_000 });
  await other.kill();
  await bare.remove();
});

test("stopping during the first build ends the build with all that it started", async () => {
  const slow = await makeProject({
    "wrangler.json": JSON.stringify({ name: "slow", main: "made.js", build: { command: "sleep 600 & echo $! > pid; wait" } }),
  });
  const child = spawn(process.execPath, [MAIN, "dev", slow.folder, "--port", "0"], { stdio: "ignore" });
  const pid = await vi.waitUntil(async () => Number(await readFile(join(slow.folder, "pid"), "utf8").catch(() => 0)), {
    timeout: 20_000,
  });
  child.kill("SIGTERM");
  expect((await once(child, "exit"))[0]).toBe(0);
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow("ESRCH"), { timeout: 10_000 });
  await slow.remove();
});
