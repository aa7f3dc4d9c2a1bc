/** `stepwell dev` as a process: a project runs, changes, and stops without losing what it was at. */
import { once } from "node:events";
import { createServer, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { makeProject, startServer, type Envelope, type Project, type Server } from "./support/server.ts";

/** `version` is what tells one deployment from another. */
const worker = (version: string): string => `
import { WorkflowEntrypoint } from "cloudflare:workers";
export class Asking extends WorkflowEntrypoint {
  async run(event, step) {
    const answer = await step.do("ask", { retries: { limit: 5, delay: 1 } }, () => fetch(event.payload.url).then((response) => response.text()));
    return { answer, version: ${JSON.stringify(version)} };
  }
}
export class Waiting extends WorkflowEntrypoint {
  async run(event, step) {
    const go = await step.waitForEvent("go", { type: "go", timeout: "1 hour" });
    return { go: go.payload, version: ${JSON.stringify(version)}, secret: this.env.SECRET };
  }
}
export default {
  async fetch(request, env) {
    if (new URL(request.url).pathname === "/start") return new Response((await env.WAITING.create()).id);
    return Response.json({ url: request.url, version: ${JSON.stringify(version)}, secret: env.SECRET });
  },
};
`;

const FILES = {
  "wrangler.jsonc": `{
    "name": "shop", "main": "src/index.js",
    "workflows": [
      { "name": "asking", "binding": "ASKING", "class_name": "Asking" },
      { "name": "waiting", "binding": "WAITING", "class_name": "Waiting" },
    ],
    "mtls_certificates": [{ "binding": "CLIENT", "certificate_id": "0" }],
  }`,
  ".dev.vars": "SECRET=first\n",
};

let project: Project;
let server: Server;

const dev = (...more: readonly string[]): Promise<Server> => startServer(["dev", project.folder, "--port", "0", ...more]);

beforeAll(async () => {
  project = await makeProject({ ...FILES, "src/index.js": worker("one") });
  server = await dev();
});
afterAll(async () => {
  await server.kill();
  await project.remove();
});

/** A free port. */
async function freePort(): Promise<number> {
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  const { port } = holder.address() as AddressInfo;
  holder.close();
  return port;
}

/** Resolves when the instance has said this. */
async function happens(workflow: string, id: string, type: string): Promise<void> {
  const url = `${server.url}/client/v4/accounts/local/workflows/${workflow}/instances/${id}/subscribe?filter=${type}`;
  const reader = (await fetch(url, { headers: { accept: "text/event-stream" } })).body?.getReader();
  expect((await reader?.read())?.done).toBe(false);
  await reader?.cancel();
}

async function outputOf(workflow: string, id: string): Promise<unknown> {
  await happens(workflow, id, "workflow_completed");
  const { result }: Envelope = await server.call("GET", `/workflows/${workflow}/instances/${id}`);
  return JSON.parse((result as { output: string }).output);
}

const create = async (workflow: string, id: string, params?: unknown): Promise<void> => {
  expect(await server.call("POST", `/workflows/${workflow}/instances`, { instance_id: id, params })).toMatchObject({
    success: true,
  });
};

const go = (id: string): Promise<Envelope> => server.call("POST", `/workflows/waiting/instances/${id}/events/go`, "now");

const said = (text: string): Promise<void> => vi.waitFor(() => expect(server.output()).toContain(text), { timeout: 20_000 });

/** Asks the server for a path under any host name. */
async function ask(host: string, path: string): Promise<{ status: number | undefined; body: string }> {
  const [response] = (await once(request(`${server.url}${path}`, { headers: { host } }).end(), "response")) as [
    AsyncIterable<Buffer> & { statusCode?: number },
  ];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, body: Buffer.concat(chunks).toString() };
}

test("dev prints its addresses, and the bindings that it does not support", () => {
  const { port } = new URL(server.url);
  expect(server.output()).toContain("stepwell runs shop with asking, waiting");
  expect(server.output()).toContain(`Dashboard  ${server.url}/\n`);
  expect(server.output()).toContain(`${server.url}/client/v4/accounts/local/workflows`);
  expect(server.output()).toContain(
    `Worker     http://localhost:${port}/  http://shop.localhost:${port}/  ${server.url}/workers/shop/\n`,
  );
  expect(server.output()).toContain("Unsupported bindings, which throw an error when used: CLIENT (mTLS certificate)");
  expect(server.output()).not.toContain("Token");
});

test("the Worker answers under its host name and below its path, and starts instances", async () => {
  const { port } = new URL(server.url);
  const byHost = await ask(`shop.localhost:${port}`, "/a?b=c");
  expect(byHost.status).toBe(200);
  expect(JSON.parse(byHost.body)).toEqual({ url: `http://shop.localhost:${port}/a?b=c`, version: "one", secret: "first" });
  const byPath = await fetch(`${server.url}/workers/shop/a?b=c`);
  expect(await byPath.json()).toMatchObject({ url: `${server.url}/a?b=c` });
  expect((await ask(`missing.localhost:${port}`, "/")).status).toBe(404);
  expect((await ask("evil.example", "/")).status).toBe(403);
  const id = await (await fetch(`${server.url}/workers/shop/start`)).text();
  await happens("waiting", id, "wait_started");
  expect((await server.call("GET", `/workflows/waiting/instances/${id}`)).result).toMatchObject({
    trigger: { source: "binding" },
  });
});

test("a request before the project is deployed waits, and is not answered with 404", async () => {
  const slow = await makeProject({
    "wrangler.json": JSON.stringify({
      name: "slow",
      main: "index.js",
      workflows: [{ name: "slow", binding: "SLOW", class_name: "Slow" }],
    }),
    "index.js": `import { WorkflowEntrypoint } from "cloudflare:workers";
      for (let i = 0; i < 3e8; i += 1);
      export class Slow extends WorkflowEntrypoint { async run() {} }`,
  });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/client/v4/accounts/local/workflows/slow`;
  const starting = startServer(["dev", slow.folder, "--port", String(port)]);
  const first = await vi.waitUntil(() => fetch(url).catch(() => undefined), { timeout: 20_000, interval: 5 });
  expect(first.status).toBe(200);
  await (await starting).kill();
  await slow.remove();
});

test("a change is deployed: instances under way end on the old code, new ones run on the new", async () => {
  await create("waiting", "before");
  await happens("waiting", "before", "wait_started");
  await project.write("src/index.js", worker("two"));
  await said("Deployed shop again");
  await create("waiting", "after");
  await Promise.all([go("before"), go("after")]);
  expect(await outputOf("waiting", "before")).toEqual({ go: "now", version: "one", secret: "first" });
  expect(await outputOf("waiting", "after")).toEqual({ go: "now", version: "two", secret: "first" });
  expect(await (await fetch(`${server.url}/workers/shop/`)).json()).toMatchObject({ version: "two" });
  const versions = (await server.call("GET", "/workflows/waiting/versions")).result as { id: string }[];
  expect(versions).toHaveLength(2);
});

test("a change of secrets is deployed, too", async () => {
  await project.write(".dev.vars", "SECRET=second\n");
  await vi.waitFor(
    async () => expect(await (await fetch(`${server.url}/workers/shop/`)).json()).toMatchObject({ secret: "second" }),
    { timeout: 20_000 },
  );
  expect(server.output()).toMatch(/env\.SECRET \("\(hidden\)"\) +Environment Variable/);
  expect(server.output()).not.toContain("second");
});

test("a build error is reported with its place, and the deployed version keeps running", async () => {
  await project.write("src/index.js", "export class {");
  await said('Not deployed: Build failed with 1 error:\n\n✘ [ERROR] Expected identifier but found "{"\n\n    src/index.js:1:13:');
  await project.write("src/index.js", worker("three").replace("class Asking", "class Other"));
  await said('Not deployed: src/index.js exports no class "Asking"');
  await project.write("src/index.js", `${worker("three")}\nnull.x;`);
  await said("Not deployed: TypeError: Cannot read properties of null (reading 'x') at src/index.js:");
  await create("waiting", "meanwhile");
  await go("meanwhile");
  expect(await outputOf("waiting", "meanwhile")).toMatchObject({ version: "two" });
  await project.write("src/index.js", worker("two"));
  await said("shop is up to date again");
  await project.write("src/index.js", worker("four"));
  await vi.waitFor(
    async () => expect(await (await fetch(`${server.url}/workers/shop/`)).json()).toMatchObject({ version: "four" }),
    {
      timeout: 20_000,
    },
  );
});

test("SIGTERM lets a step under way end, and what was left undone goes on at the next start", async () => {
  const asked: ServerResponse[] = [];
  const answering = createServer((_, response) => void asked.push(response)).listen(0, "127.0.0.1");
  await once(answering, "listening");
  const url = `http://127.0.0.1:${(answering.address() as AddressInfo).port}/`;
  await Promise.all([create("asking", "drained", { url }), create("waiting", "parked")]);
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  await happens("waiting", "parked", "wait_started");

  const stopped = server.stop();
  await said("Stopping");
  asked[0]?.end("forty-two");
  expect(await stopped).toBe(0);

  server = await dev();
  expect(await outputOf("asking", "drained")).toEqual({ answer: "forty-two", version: "four" });
  expect(asked).toHaveLength(1);
  await go("parked");
  expect(await outputOf("waiting", "parked")).toMatchObject({ go: "now", version: "four" });
  expect((await server.call("GET", "/workflows/waiting/versions")).result).toHaveLength(4);
  answering.close();
});

test("a second signal does not wait for anything", async () => {
  const asked: ServerResponse[] = [];
  const answering = createServer((_, response) => void asked.push(response)).listen(0, "127.0.0.1");
  await once(answering, "listening");
  await create("asking", "cut-off", { url: `http://127.0.0.1:${(answering.address() as AddressInfo).port}/` });
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  server.process.kill("SIGINT");
  await said("Stopping");
  expect(await server.stop()).toBe(130);

  server = await dev("--drain-seconds", "0");
  await vi.waitFor(() => expect(asked).toHaveLength(2), { timeout: 20_000 });
  asked[1]?.end("again");
  expect(await outputOf("asking", "cut-off")).toMatchObject({ answer: "again" });
  expect(await server.stop()).toBe(0);
  answering.close();
});
