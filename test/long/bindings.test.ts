/**
 * Bindings that the server answers, as their users see them: stock wrangler deploys a Worker that has them, and manages what is behind
 * them; the Worker runs in workerd.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { wranglerIn } from "../support/clients.ts";
import { makeProject, startServer, type Project, type Server } from "../support/server.ts";

const STORE = "0f2ac74b498b48028cb68387c421e279";

const CONFIG = {
  name: "bound",
  main: "index.js",
  compatibility_date: "2026-11-01",
  ratelimits: [{ name: "LIMIT", namespace_id: "1001", simple: { limit: 2, period: 60 } }],
  secrets_store_secrets: [{ binding: "KEY", store_id: STORE, secret_name: "key" }],
  analytics_engine_datasets: [{ binding: "VISITS", dataset: "visits" }],
};

const CODE = `
export default { async fetch(request, env) {
  const url = new URL(request.url);
  const answers = {
    "/limit": async () => (await env.LIMIT.limit({ key: url.search })).success,
    "/secret": () => env.KEY.get(),
    "/visit": () => typeof env.VISITS.writeDataPoint({ indexes: ["de"], blobs: [url.search], doubles: [1] }),
  };
  return Response.json(await Promise.resolve().then(answers[url.pathname]).catch((error) => error.message));
} };`;

let project: Project;
let data: Project;
let server: Server;
let token: string;
let run: ReturnType<typeof wranglerIn>;

beforeAll(async () => {
  project = await makeProject({ "wrangler.json": JSON.stringify(CONFIG), "index.js": CODE });
  data = await makeProject({});
  server = await startServer(["serve", "--executor", "workerd", "--data", data.folder, "--port", "0"]);
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
  expect([args, code, stderr]).toEqual([args, 0, ""]);
  return stdout;
}

const ask = async (path: string): Promise<unknown> => (await fetch(`${server.url}/workers/bound${path}`)).json();

test("a Worker with them is deployed, and none is called unsupported", async () => {
  const stdout = await ok("deploy");
  expect(stdout).toContain("env.LIMIT (2 requests/60s)");
  expect(server.output()).not.toContain("not supported");
});

test("a rate limit counts each key", async () => {
  const asked: unknown[] = [];
  for (const path of ["/limit?a", "/limit?a", "/limit?a", "/limit?b"]) asked.push(await ask(path));
  // A minute may end in between: then the window is another one.
  expect([
    [true, true, false, true],
    [true, true, true, true],
  ]).toContainEqual(asked);
});

test("wrangler manages the secrets that the Worker reads", async () => {
  expect(await ask("/secret")).toBe('Secret "key" not found');
  const secret = (command: string, ...args: readonly string[]): Promise<string> =>
    ok("secrets-store", "secret", command, STORE, "--remote", ...args);
  await secret("create", "--name", "key", "--value", "first", "--scopes", "workers", "--comment", "a key");
  expect(await ask("/secret")).toBe("first");
  const listed = await secret("list");
  const [, id = ""] = /│ key\s+│ (\w+)/.exec(listed) ?? [];
  expect(listed).toContain("a key");
  await secret("update", "--secret-id", id, "--value", "second");
  expect(await ask("/secret")).toBe("second");
  expect(await secret("get", "--secret-id", id)).not.toContain("second");
  await secret("delete", "--secret-id", id);
  expect(await ask("/secret")).toBe('Secret "key" not found');
  expect(await ok("secrets-store", "store", "create", "shared", "--remote")).toContain("Created store! (Name: shared");
  expect(await ok("secrets-store", "store", "list", "--remote")).toContain("shared");
  await ok("secrets-store", "store", "delete", STORE, "--remote");
});

test("data points are listed, the newest first", async () => {
  expect([await ask("/visit?1"), await ask("/visit?2")]).toEqual(["undefined", "undefined"]);
  const newest = async (): Promise<{ blobs: string[] }[]> => {
    const response = await fetch(`${server.url}/api/v1/analytics/visits`, { headers: { authorization: `Bearer ${token}` } });
    return ((await response.json()) as { result: { blobs: string[] }[] }).result;
  };
  let points = await newest();
  while (points.length < 2) points = await newest();
  expect(points).toMatchObject([
    { indexes: ["de"], blobs: ["?2"], doubles: [1] },
    { indexes: ["de"], blobs: ["?1"], doubles: [1] },
  ]);
  // Answers that come when the request has ended find no promise of it.
  expect(server.output()).not.toContain("different request context");
});
