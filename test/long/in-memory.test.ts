/** Instances that wait stay in memory under `stepwell dev`, and what they have set going is not cut off when they leave it. */
import { once } from "node:events";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeProject, startServer, type Project, type Server } from "../support/server.ts";

const WORKER = `
import { WorkflowEntrypoint } from "cloudflare:workers";
export class Leaving extends WorkflowEntrypoint {
  async run({ payload: { how, url } }, step) {
    const later = () => new Promise((resolve) => setTimeout(async () => { await fetch(url + how); resolve(); }, 1000));
    if (how !== "plain-then-sleep") this.ctx.waitUntil(later());
    else void later();
    if (how === "waitUntil-then-wait") await step.waitForEvent("w", { type: "x", timeout: "1 hour" });
    else await step.sleep("s", "1 hour");
  }
}
export class Closure extends WorkflowEntrypoint {
  async run(event, step) {
    let runs = -1;
    const only = async () => { runs += 1; throw new Error("x"); };
    try { await step.do("only", { retries: { limit: 3, delay: 1500, backoff: "constant" } }, only); } catch {}
    return "The step was retried " + runs + " times";
  }
}
export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    const binding = pathname === "/closure" ? env.CLOSURE : env.LEAVING;
    const id = searchParams.get("id");
    const instance = id ? await binding.get(id) : await binding.create({ params: Object.fromEntries(searchParams) });
    return Response.json({ id: instance.id, ...(await instance.status()) });
  },
};
`;

const CONFIG = JSON.stringify({
  name: "memory",
  main: "index.js",
  compatibility_date: "2026-11-01",
  workflows: [
    { name: "leaving", binding: "LEAVING", class_name: "Leaving" },
    { name: "closure", binding: "CLOSURE", class_name: "Closure" },
  ],
});

let project: Project;
let server: Server;
let outside: HttpServer;
/** Resolves with the paths that were asked for, once there are as many as the test waits for. */
let asked: { readonly paths: Set<string>; readonly all: PromiseWithResolvers<void> };

beforeEach(async () => {
  asked = { paths: new Set(), all: Promise.withResolvers() };
  outside = createServer((request, response) => {
    asked.paths.add(request.url ?? "");
    if (asked.paths.size === 3) asked.all.resolve();
    response.end();
  });
  outside.listen(0, "127.0.0.1");
  await once(outside, "listening");
  project = await makeProject({ "wrangler.json": CONFIG, "index.js": WORKER });
});
afterEach(async () => {
  await server.kill();
  outside.close();
  await project.remove();
});

interface Reply {
  readonly id: string;
  readonly status: string;
  readonly output: unknown;
}

const ask = async (path: string): Promise<Reply> => (await (await fetch(`${server.url}/workers/memory${path}`)).json()) as Reply;

describe.each(["workerd", "node"])("on %s", (executor) => {
  const start = async (...options: readonly string[]): Promise<void> => {
    server = await startServer(["dev", project.folder, "--port", "0", "--executor", executor, ...options]);
  };

  test.each([[[]], [["--park-after", "0"]]])("work that is left to go on does, with %j", async (options) => {
    await start(...options);
    const url = encodeURIComponent(`http://127.0.0.1:${(outside.address() as AddressInfo).port}/`);
    for (const how of ["waitUntil-then-sleep", "waitUntil-then-wait", "plain-then-sleep"]) await ask(`/?how=${how}&url=${url}`);
    await asked.all.promise;
    expect([...asked.paths].toSorted()).toEqual(["/plain-then-sleep", "/waitUntil-then-sleep", "/waitUntil-then-wait"]);
  });

  test("a closure counts across the delays of retries", async () => {
    await start();
    const { id } = await ask("/closure");
    let reply = await ask(`/closure?id=${id}`);
    while (reply.status !== "complete") reply = await ask(`/closure?id=${id}`);
    expect(reply.output).toBe("The step was retried 3 times");
  });
});
