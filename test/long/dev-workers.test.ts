/** `stepwell dev` with several Workers in one session, and what it says of them at the start. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { request } from "node:http";
import { request as secureRequest } from "node:https";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { makeProject, runCommand, startServer, type Project, type Server } from "../support/server.ts";

const shop = (version: string): string => `
import { WorkflowEntrypoint } from "cloudflare:workers";
export class Own extends WorkflowEntrypoint { async run() { return "own"; } }
const said = (ask) => Promise.resolve().then(ask).catch((cause) => "failed: " + cause.message);
export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/missing") return new Response(await said(() => env.MISSING.fetch("http://x/").then((r) => r.text())));
    if (pathname === "/missing-flow") return new Response(await said(() => env.NOWHERE.create()));
    if (pathname !== "/") return new Response("shop ${version} " + request.url);
    const instance = await env.MAIL.create({ params: 7 });
    let status = await instance.status();
    for (let i = 0; i < 200 && !["complete", "errored"].includes(status.status); i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      status = await instance.status();
    }
    const counter = env.COUNTER.get(env.COUNTER.idFromName("a"));
    return Response.json({
      version: "${version}",
      service: await (await env.POST.fetch("http://post/")).text(),
      workflow: status.output,
      object: await (await counter.fetch("http://counter/")).text(),
    });
  },
};
`;

const post = (version: string): string => `
import { DurableObject, WorkflowEntrypoint } from "cloudflare:workers";
export class Mail extends WorkflowEntrypoint {
  async run({ payload }, step) { return step.do("send", async () => "post ${version} " + payload); }
}
export class Counter extends DurableObject { fetch() { return new Response("counter ${version}"); } }
export default { fetch: () => new Response("post ${version}") };
`;

const FILES = {
  "shop/wrangler.json": JSON.stringify({
    name: "shop",
    main: "index.js",
    compatibility_date: "2026-11-01",
    vars: { MODE: "test" },
    workflows: [
      { name: "own", binding: "OWN", class_name: "Own" },
      { name: "mail", binding: "MAIL", class_name: "Mail", script_name: "post" },
      { name: "nowhere", binding: "NOWHERE", class_name: "Flow", script_name: "absent" },
    ],
    services: [
      { binding: "POST", service: "post" },
      { binding: "MISSING", service: "absent" },
    ],
    durable_objects: { bindings: [{ name: "COUNTER", class_name: "Counter", script_name: "post" }] },
  }),
  "shop/index.js": shop("one"),
  "post/wrangler.json": JSON.stringify({
    name: "post",
    main: "index.js",
    compatibility_date: "2026-11-01",
    workflows: [{ name: "mail", binding: "MAIL", class_name: "Mail" }],
    durable_objects: { bindings: [{ name: "COUNTER", class_name: "Counter" }] },
    migrations: [{ tag: "v1", new_sqlite_classes: ["Counter"] }],
  }),
  "post/index.js": post("one"),
};

let project: Project;
let server: Server;

const configs = (): string[] => ["shop", "post"].flatMap((name) => ["-c", join(project.folder, name, "wrangler.json")]);

beforeAll(async () => {
  project = await makeProject(FILES);
  server = await startServer(["dev", ...configs(), "--port", "0", "--inspector-port", "0"]);
});
afterAll(async () => {
  await server.kill();
  await project.remove();
});

/** Asks under a host name. */
async function ask(host: string, path: string, headers: Readonly<Record<string, string>> = {}): Promise<[number, string]> {
  const asked = request(`${server.url}${path}`, { headers: { host: `${host}:${new URL(server.url).port}`, ...headers } }).end();
  const [response] = (await once(asked, "response")) as [AsyncIterable<Buffer> & { statusCode?: number }];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return [response.statusCode ?? 0, Buffer.concat(chunks).toString()];
}

async function becomes(expected: object): Promise<void> {
  await vi.waitFor(async () => expect(JSON.parse((await ask("localhost", "/"))[1])).toEqual(expected), { timeout: 20_000 });
}

const ONE = { version: "one", service: "post one", workflow: "post one 7", object: "counter one" };

test("services, workflows and Durable Objects work across them; localhost is the first", async () => {
  await becomes(ONE);
  expect(await ask("localhost", "/a?b")).toEqual([200, `shop one http://localhost:${new URL(server.url).port}/a?b`]);
  expect(await ask("post.localhost", "/")).toEqual([200, "post one"]);
  expect((await ask("127.0.0.1", "/workers/post/"))[1]).toBe("post one");
});

test("a request is a line, as wrangler prints it", async () => {
  expect((await ask("localhost", "/line"))[0]).toBe(200);
  expect(server.output()).toMatch(/ GET \/line 200 OK \(\d+ms\)\n/);
});

test("clients of the API may call the server localhost; pages of the Worker there may not use it", async () => {
  const path = "/client/v4/accounts/local/workflows";
  expect((await ask("localhost", path))[0]).toBe(200);
  const origin = `http://localhost:${new URL(server.url).port}`;
  expect((await ask("localhost", path, { origin, "sec-fetch-site": "same-origin" }))[0]).toBe(403);
});

test("a binding to a Worker that is not there is named at the start, and when it is used", async () => {
  expect(server.output()).toContain('MISSING (service of "absent"): the Worker "absent" is not in this session');
  expect(server.output()).toContain('NOWHERE (workflow "nowhere" of "absent"): the Worker "absent" is not in this session');
  expect((await ask("localhost", "/missing"))[1]).toContain('Worker "absent" not found');
  expect((await ask("localhost", "/missing-flow"))[1]).toContain('No Worker with the workflow "nowhere" is deployed here');
});

test("a table has the bindings, and which of them lead nowhere", () => {
  const printed = server.output();
  for (const row of [
    /Bindings of shop:\n {2}Binding +Resource +Mode\n/,
    /env\.MODE \("test"\) +Environment Variable +local\n/,
    /env\.MAIL \(Mail, defined in post\) +Workflow +local\n/,
    /env\.NOWHERE \(Flow, defined in absent\) +Workflow +not connected\n/,
    /env\.POST \(post\) +Worker +local\n/,
    /Bindings of post:\n/,
  ])
    expect(printed).toMatch(row);
});

test("each is deployed again when it changes", async () => {
  await project.write("post/index.js", post("two"));
  await becomes({ ...ONE, service: "post two", workflow: "post two 7", object: "counter two" });
  await project.write("shop/index.js", shop("two"));
  await becomes({ version: "two", service: "post two", workflow: "post two 7", object: "counter two" });
});

test("the data is beside the first, and git does not see it", async () => {
  expect(await readFile(join(project.folder, "shop/.stepwell/.gitignore"), "utf8")).toBe("*\n");
});

test("two Workers of one name are refused", async () => {
  const { stderr, code } = await runCommand(["dev", ...configs(), ...configs().slice(0, 2), "--port", "0"]);
  expect(stderr).toContain('Two Workers of a session cannot have the same name "shop"');
  expect(code).toBe(1);
});

test("TLS, with a certificate of its own", async () => {
  const data = join(project.folder, "tls");
  const options = ["--local-protocol", "https", "--data", data, "--port", "0", "--inspector-port", "0"];
  const secure = await startServer(["dev", join(project.folder, "post"), ...options]);
  const ca = await readFile(join(data, "https.pem"));
  const asked = secureRequest(secure.url, { headers: { host: "localhost" }, ca });
  const [response] = (await once(asked.end(), "response")) as [AsyncIterable<Buffer>];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  expect(Buffer.concat(chunks).toString()).toBe("post two");
  await secure.kill();
});

test("a Worker that was deployed before and is not in the session is named, and works", async () => {
  const data = ["--data", join(project.folder, "before"), "--port", "0", "--inspector-port", "0"];
  await (await startServer(["dev", ...configs(), ...data])).kill();
  const alone = await startServer(["dev", ...configs().slice(0, 2), ...data]);
  expect(alone.output()).toContain('POST (service of "post"): "post" is not in this session; its last deployment is used.');
  expect(alone.output()).toMatch(/env\.POST \(post\) +Worker +local\n/);
  expect(alone.output()).toMatch(/env\.MISSING \(absent\) +Worker +not connected\n/);
  await alone.kill();
});
