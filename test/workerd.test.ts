/** `stepwell dev` as a process: Workers in Cloudflare's own runtime, whose process may be killed. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { makeProject, startServer, type Envelope, type Project, type Server } from "./support/server.ts";

const WORKER = `
import { abortIsolate, WorkflowEntrypoint } from "cloudflare:workers";
export class Asking extends WorkflowEntrypoint {
  async run({ payload: { url } }, step) {
    const first = await step.do("first", async () => (await fetch(url + "first")).text());
    const ask = async () => (await fetch(url + "second")).text();
    const second = await step.do("second", { retries: { limit: 5, delay: 1 } }, ask);
    return { first, second, agent: navigator.userAgent };
  }
}
export default {
  async fetch(request, env) {
    if (request.method === "DELETE") abortIsolate("because");
    if (request.method === "GET") return new Response("here");
    const { url } = await request.json();
    return new Response((await env.ASKING.create({ params: { url } })).id);
  },
};
`;

const CONFIG = `{
  "name": "shop", "main": "index.js", "compatibility_date": "2026-01-01",
  "workflows": [{ "name": "asking", "binding": "ASKING", "class_name": "Asking" }],
}`;

let project: Project;
let server: Server;

/** What has been asked for, in order, and who waits for an answer. */
const asked: string[] = [];
const held: ServerResponse[] = [];
const answering = createServer((request, response) => {
  asked.push(request.url ?? "");
  if (request.url === "/first" || asked.filter((path) => path === "/second").length > 1) response.end(`for ${request.url}`);
  else held.push(response);
});

beforeAll(async () => {
  answering.listen(0, "127.0.0.1");
  await once(answering, "listening");
  project = await makeProject({ "wrangler.jsonc": CONFIG, "index.js": WORKER });
  server = await startServer(["dev", project.folder, "--port", "0"]);
});
afterAll(async () => {
  await server.kill();
  answering.closeAllConnections();
  answering.close();
  await project.remove();
});

/** The processes of workerd that the server has. */
function processes(): number[] {
  const pid = server.process.pid ?? 0;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);
  return children.filter((child) => readFileSync(`/proc/${child}/comm`, "utf8").trim() === "workerd");
}

beforeEach(() => {
  asked.length = 0;
  held.length = 0;
});

const askWorker = (method: string, body?: string): Promise<Response> =>
  fetch(`${server.url}/workers/shop/`, { method, ...(body !== undefined && { body }) });

/** Begins an instance, and resolves with its id when it is in its second step. */
async function inSecondStep(): Promise<string> {
  const url = `http://127.0.0.1:${(answering.address() as AddressInfo).port}/`;
  const id = await (await askWorker("POST", JSON.stringify({ url }))).text();
  await vi.waitUntil(() => held.length > 0);
  return id;
}

/** Resolves when an instance has completed, with what it was to give. */
async function completes(id: string): Promise<void> {
  const path = `/workflows/asking/instances/${id}`;
  const isComplete = async (): Promise<boolean> =>
    ((await server.call("GET", path)).result as { status: string }).status === "complete";
  await vi.waitUntil(isComplete, { timeout: 20_000 });
  const { result }: Envelope = await server.call("GET", path);
  const output = { first: "for /first", second: "for /second", agent: "Cloudflare-Workers" };
  expect(result).toMatchObject({ output: JSON.stringify(output) });
  expect(asked).toEqual(["/first", "/second", "/second"]);
}

test("an instance goes on in another isolate when its own is aborted, and so do requests", async () => {
  const id = await inSecondStep();
  expect((await askWorker("DELETE")).status).toBeGreaterThanOrEqual(500);
  const answer = await askWorker("GET");
  expect([answer.status, await answer.text()]).toEqual([200, "here"]);
  await completes(id);
});

test.skipIf(process.platform !== "linux")("an instance goes on in another process when its own is killed", async () => {
  const id = await inSecondStep();
  const before = processes();
  for (const pid of before) process.kill(pid, "SIGKILL");
  await completes(id);
  expect(processes().filter((pid) => before.includes(pid))).toEqual([]);
  expect(await server.stop()).toBe(0);
});
