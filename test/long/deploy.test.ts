/**
 * The life of a Worker as its user sees it: stock wrangler deploys a project like the one that Cloudflare's scaffolder makes,
 * changes it while a hundred instances are under way, goes back, changes a secret, and deletes it. Each test goes on where
 * the one before it stopped.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { wranglerIn } from "../support/clients.ts";
import { makeProject, startServer, type Project, type Server } from "../support/server.ts";

const CONFIG = `{
  // As the scaffolder writes it.
  "$schema": "node_modules/wrangler/config-schema.json",
  "name": "workflows-starter",
  "main": "src/index.ts",
  "compatibility_date": "2026-11-01",
  "compatibility_flags": ["nodejs_compat"],
  "observability": { "enabled": true },
  "upload_source_maps": true,
  "workflows": [{ "name": "workflows-starter", "binding": "MY_WORKFLOW", "class_name": "MyWorkflow" }],
}`;

/** `mark` tells one deployment from another. */
const worker = (mark: string): string => `
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

type Params = { email?: string; metadata?: Record<string, string> };

export class MyWorkflow extends WorkflowEntrypoint<Env, Params> {
  async run(event: WorkflowEvent<Params>, step: WorkflowStep) {
    const files = await step.do("my first step", async () => ({ inputParams: event, files: ["doc_1.pdf", "report_2.pdf"] }));
    const approval = await step.waitForEvent<{ approved: boolean }>("request-approval", { type: "approval", timeout: "15 minute" });
    await step.sleep("wait on something", "1 second");
    const written = await step.do(
      "make a call to write that could maybe, just might, fail",
      { retries: { limit: 5, delay: "1 second", backoff: "exponential" }, timeout: "15 minutes" },
      async ({ attempt }) => {
        if (attempt === 1) throw new Error("API call to $STORAGE_SYSTEM failed");
        return ${JSON.stringify(mark)};
      },
    );
    return { files: files.files.length, approved: approval.payload.approved, written, key: this.env.API_KEY };
  }
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname.startsWith("/favicon")) return Response.json({}, { status: 404 });
    const id = url.searchParams.get("instanceId");
    if (id) return Response.json({ status: await (await env.MY_WORKFLOW.get(id)).status() });
    const instance = await env.MY_WORKFLOW.create();
    console.log("begun", ${JSON.stringify(mark)});
    return Response.json({ id: instance.id, mark: ${JSON.stringify(mark)}, key: env.API_KEY ?? null });
  },
} satisfies ExportedHandler<Env>;
`;

let project: Project;
let data: Project;
let server: Server;
let token: string;
let run: ReturnType<typeof wranglerIn>;

beforeAll(async () => {
  project = await makeProject({
    "wrangler.jsonc": CONFIG,
    "package.json": '{ "name": "workflows-starter", "private": true }',
    "src/index.ts": worker("one"),
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
  expect([code, stderr]).toEqual([0, ""]);
  return stdout;
}

const api = async (method: string, path: string, body?: unknown): Promise<{ result: never }> => {
  const init: RequestInit = { method, headers: { authorization: `Bearer ${token}` } };
  if (body !== undefined) init.body = JSON.stringify(body);
  const response = await fetch(`${server.url}/client/v4/accounts/local${path}`, init);
  expect(response.status).toBe(200);
  return (await response.json()) as { result: never };
};

const INSTANCES = "/workflows/workflows-starter/instances";

/** Asks the Worker, which begins an instance. */
const begin = async (): Promise<{ id: string; mark: string; key: string | null }> =>
  (await (await fetch(`${server.url}/workers/workflows-starter/`)).json()) as { id: string; mark: string; key: string | null };

/** Resolves when the instance has said this. */
async function happens(id: string, type: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, accept: "text/event-stream" };
  const response = await fetch(`${server.url}/client/v4/accounts/local${INSTANCES}/${id}/subscribe?filter=${type}`, { headers });
  const reader = response.body?.getReader();
  expect((await reader?.read())?.done).toBe(false);
  await reader?.cancel();
}

async function outputOf(id: string): Promise<{ written: string; key?: string }> {
  await happens(id, "workflow_completed");
  return JSON.parse((await api("GET", `${INSTANCES}/${id}`)).result["output"]) as { written: string; key?: string };
}

const approve = (id: string): Promise<unknown> => api("POST", `${INSTANCES}/${id}/events/approval`, { approved: true });

test("the project is deployed, triggered, approved and described", async () => {
  expect(await ok("deploy")).toMatch(/workflow: workflows-starter\nCurrent Version ID: [\da-f-]{36}/);
  await ok("workflows", "trigger", "workflows-starter", '{"email":"a@b.c"}', "--id", "first");
  await happens("first", "wait_started");
  await ok(
    "workflows",
    "instances",
    "send-event",
    "workflows-starter",
    "first",
    "--type",
    "approval",
    "--payload",
    '{"approved":true}',
  );
  expect(await outputOf("first")).toEqual({ files: 2, approved: true, written: "one" });
  const described = await ok("workflows", "instances", "describe", "workflows-starter", "first");
  for (const shown of ["my first step-1", "request-approval-1", "Completed", "failed"]) expect(described).toContain(shown);
});

const IN_FLIGHT = 100;

test("a hundred running instances end on the code they began with, and new ones run the new code", async () => {
  const old = await Promise.all(Array.from({ length: IN_FLIGHT }, begin));
  await Promise.all(old.map(({ id }) => happens(id, "wait_started")));
  await project.write("src/index.ts", worker("two"));
  await ok("deploy", "--message", "the second");
  const fresh = await Promise.all(Array.from({ length: 5 }, begin));
  expect(new Set(fresh.map(({ mark }) => mark))).toEqual(new Set(["two"]));
  await Promise.all([...old, ...fresh].map(({ id }) => approve(id)));
  const outputs = await Promise.all(old.map(({ id }) => outputOf(id)));
  expect(outputs.filter(({ written }) => written === "one")).toHaveLength(IN_FLIGHT);
  const newer = await Promise.all(fresh.map(({ id }) => outputOf(id)));
  expect(newer.filter(({ written }) => written === "two")).toHaveLength(5);
  const status = await ok("deployments", "status");
  expect(status).toContain("the second");
});

test("a rollback brings the old code back", async () => {
  await ok("rollback", "-y", "--message", "back to the first");
  expect((await begin()).mark).toBe("one");
  expect(await ok("deployments", "list")).toContain("back to the first");
  expect((await ok("versions", "list")).match(/Version ID/g)).toHaveLength(2);
});

test("a secret is set and rotated; running instances keep the one they began with", async () => {
  expect((await run(["secret", "put", "API_KEY"], "hunter2")).code).toBe(0);
  const old = await begin();
  expect(old).toMatchObject({ mark: "one", key: "hunter2" });
  await happens(old.id, "wait_started");
  expect((await run(["secret", "put", "API_KEY"], "hunter3")).code).toBe(0);
  const fresh = await begin();
  await Promise.all([approve(old.id), approve(fresh.id)]);
  expect([(await outputOf(old.id)).key, (await outputOf(fresh.id)).key]).toEqual(["hunter2", "hunter3"]);
  expect(JSON.parse(await ok("secret", "list"))).toEqual([{ name: "API_KEY", type: "secret_text" }]);
  await project.write("src/index.ts", worker("three"));
  await ok("deploy");
  expect(await begin()).toMatchObject({ mark: "three", key: "hunter3" });
});

test("code that does not load is refused with its place in the source, and the old goes on", async () => {
  await project.write(
    "src/index.ts",
    `${worker("four")}\nconst config: { port?: { number: number } } = {};\nexport const port = config.port!.number;\n`,
  );
  const { code, stdout, stderr } = await run(["deploy"]);
  expect(code).not.toBe(0);
  const line = worker("four").split("\n").length + 2;
  expect(stdout + stderr).toContain("[code: 10021]");
  expect(stdout + stderr).toMatch(new RegExp(`src/index\\.ts:${line}:\\d+`));
  expect(await begin()).toMatchObject({ mark: "three" });
});

test("an unsupported binding does not fail a deployment", async () => {
  await project.write("src/index.ts", worker("three"));
  await project.write(
    "wrangler.jsonc",
    CONFIG.replace(
      '"workflows":',
      `"hyperdrive": [{ "binding": "DB", "id": "0", "localConnectionString": "postgres://a:b@localhost/c" }],
       "mtls_certificates": [{ "binding": "CLIENT", "certificate_id": "0" }], "workflows":`,
    ),
  );
  const { code, stdout, stderr } = await run(["deploy"]);
  expect(`${code} ${stdout}${stderr}`).toMatch(/^0 /);
  expect(await begin()).toMatchObject({ mark: "three" });
  await project.write("wrangler.jsonc", CONFIG);
});

test("wrangler tail prints the logs of a Worker as they are written", async () => {
  const heard = Promise.withResolvers<void>();
  let printed = "";
  const tailing = run(["tail", "--format", "pretty"], "", (child) => {
    child.stdout?.on("data", (chunk: Buffer) => {
      const before = printed;
      printed += chunk.toString();
      if (!before.includes("waiting for logs") && printed.includes("waiting for logs")) void begin();
      if (printed.includes("(log) begun three")) {
        heard.resolve();
        child.kill("SIGINT");
      }
    });
  });
  await Promise.race([heard.promise, tailing]);
  await tailing;
  expect(printed).toContain("(log) begun three");
});

test("everything is there after a restart", async () => {
  const { port } = new URL(server.url);
  const { id } = await begin();
  await happens(id, "wait_started");
  await server.kill();
  server = await startServer(["serve", "--data", data.folder, "--port", port]);
  await approve(id);
  expect(await outputOf(id)).toMatchObject({ written: "three", key: "hunter3" });
});

test("the Worker is deleted, and its workflow stays", async () => {
  const { id } = await begin();
  await happens(id, "wait_started");
  await ok("delete", "--force");
  expect((await fetch(`${server.url}/workers/workflows-starter/`)).status).toBe(404);
  expect((await api("GET", "/workflows")).result).toMatchObject([{ script_deleted: true }]);
  await approve(id);
  expect(await outputOf(id)).toMatchObject({ written: "three", key: "hunter3" });
});
