/** Scripts that call one another in real isolates: requests and methods, what goes along with a call, and which version gets it. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { encode } from "../../../model/values/value.ts";
import type { Binding } from "../../../ports/catalog/bindings.ts";
import type { ScriptVersion } from "../../../ports/catalog/script-versions.ts";
import type { Executor, Host } from "../../../ports/executor.ts";
import { Driver } from "../../../../test/contracts/executor/driver.ts";
import { contractVersion } from "../../../../test/contracts/executor/script.ts";
import { workerdExecutor } from "../executor.ts";

let executor: Executor;
/** What is active, by script. */
let active: Map<string, ScriptVersion>;

beforeEach(() => {
  active = new Map();
});
beforeAll(() => {
  executor = workerdExecutor({
    onLog: () => {},
    callees: (script) => {
      const version = active.get(script);
      return Promise.resolve(version && { version, objects: {}, bindings: () => answer });
    },
  });
});
afterAll(() => executor.close());

const answer = (): Promise<string> => Promise.resolve(encode("it"));

function deploy(script: string, code: string, bindings: readonly Binding[] = [], id = `${script}-1`): ScriptVersion {
  const version = { ...contractVersion(code), script, id, bindings };
  active.set(script, version);
  return version;
}

const to = (name: string, service: string, entrypoint?: string): Binding => ({
  type: "service",
  name,
  service,
  ...(entrypoint !== undefined && { entrypoint }),
});

const ask = async (host: Host, path = "/"): Promise<unknown> => {
  const response = await host.fetch(new Request(`http://caller.test${path}`));
  return response.json();
};

const CALLEE = `
import { RpcTarget, WorkerEntrypoint } from "cloudflare:workers";
class Counter extends RpcTarget {
  #n = 0;
  add(by) { return (this.#n += by); }
}
export class Api extends WorkerEntrypoint {
  add(a, b) { return a + b; }
  counter() { return new Counter(); }
  async twice(callback) { return (await callback(1)) + (await callback(2)); }
  async size(stream) { return (await new Response(stream).text()).length; }
  letters() { return new Response("abc").body; }
  fail() { throw new RangeError("too far"); }
  async workflow() { return (await this.env.FLOW.get("it")).id; }
}
export default {
  async fetch(request) {
    if (request.headers.has("upgrade")) {
      const { 0: theirs, 1: ours } = new WebSocketPair();
      ours.accept();
      ours.addEventListener("message", ({ data }) => ours.send("heard " + data));
      return new Response(null, { status: 101, webSocket: theirs });
    }
    return new Response(request.method + " " + new URL(request.url).pathname + " " + (await request.text()));
  },
};`;

const caller = (expression: string): string => `
  import { WorkflowEntrypoint } from "cloudflare:workers";
  export class Flow extends WorkflowEntrypoint {
    run(event, step) { return step.do("call", async () => [await this.env.API.add(1, 2), await (await this.env.WEB.fetch("http://a/b")).text()]); }
  }
  export default { async fetch(request, env) { return Response.json(await (${expression})); } };`;

const flow: Binding = { type: "workflow", name: "FLOW", workflow: "flow" };

async function openCaller(expression: string): Promise<Host> {
  deploy("callee", CALLEE, [flow]);
  return executor.open(deploy("caller", caller(expression), [to("API", "callee", "Api"), to("WEB", "callee")]), answer);
}

test.each([
  ["a request", `env.WEB.fetch("http://any/path", { method: "PUT", body: "sent" }).then((r) => r.text())`, "PUT /path sent"],
  ["a method", `env.API.add(1, 2)`, 3],
  ["a method of what a method gives, in one go", `env.API.counter().add(5)`, 5],
  ["a stub that is kept", `(async () => { using c = await env.API.counter(); await c.add(1); return c.add(2); })()`, 3],
  ["a function that goes along", `env.API.twice((n) => n * 10)`, 30],
  ["a stream that goes along", `env.API.size(new Response("12345").body)`, 5],
  ["a stream that comes back", `env.API.letters().then((s) => new Response(s).text())`, "abc"],
  [
    "what the callee throws",
    `env.API.fail().catch((e) => [e.name, e.message, e instanceof RangeError])`,
    ["RangeError", "too far", true],
  ],
  [
    "a method that is not there",
    `env.API.nothing().catch((e) => e.message)`,
    'The RPC receiver does not implement the method "nothing".',
  ],
  ["the callee's own bindings", `env.API.workflow()`, "it"],
  [
    "a WebSocket",
    `env.WEB.fetch("http://a/", { headers: { upgrade: "websocket" } }).then(({ webSocket }) => new Promise((done) => {
      webSocket.accept(); webSocket.addEventListener("message", ({ data }) => done(data)); webSocket.send("me"); }))`,
    "heard me",
  ],
])("%s", async (_, expression, expected) => {
  expect(await ask(await openCaller(expression))).toEqual(expected);
});

test("steps of a workflow call", async () => {
  const driver = new Driver(await openCaller("1"));
  expect(await driver.start("Flow").last()).toMatchObject({ output: encode([3, "GET /b "]) });
});

test("the version that is active gets the call, and one under way ends on the one it began with", async () => {
  const version = (n: number): string => `import { WorkerEntrypoint } from "cloudflare:workers";
    export class Api extends WorkerEntrypoint { async number(wait) { await wait(); return ${n}; } }`;
  deploy("callee", version(1), [], "numbers-1");
  const code = `let began = false, go = false;
    const wait = async () => { began = true; while (!go) await scheduler.wait(1); };
    export default { async fetch(request, env) {
      switch (new URL(request.url).pathname) {
        case "/slow": return Response.json(await env.API.number(wait));
        case "/began": return Response.json(began);
        case "/go": go = true;
      }
      return Response.json(await env.API.number(() => {}));
    } };`;
  const host = await executor.open(deploy("caller", code, [to("API", "callee", "Api")]), answer);
  const slow = ask(host, "/slow");
  while ((await ask(host, "/began")) !== true);
  deploy("callee", version(2), [], "numbers-2");
  expect(await ask(host, "/quick")).toBe(2);
  expect(await ask(host, "/go")).toBe(2);
  expect(await slow).toBe(1);
});

test("a script that is not there is refused when it is called, and found once it is", async () => {
  const code = `export default { fetch: (request, env) => env.WEB.fetch(request).catch((e) => Response.json(e.message)) };`;
  const host = await executor.open(deploy("caller", code, [to("WEB", "late")]), answer);
  expect(await ask(host)).toContain('Worker "late" not found');
  deploy("late", `export default { fetch: () => Response.json("here") };`);
  expect(await ask(host)).toBe("here");
});

test("a script may call itself", async () => {
  const code = `import { WorkerEntrypoint } from "cloudflare:workers";
    export class Api extends WorkerEntrypoint { half(n) { return n / 2; } }
    export default { fetch: async (request, env) => Response.json(await env.SELF.half(8)) };`;
  expect(await ask(await executor.open(deploy("caller", code, [to("SELF", "caller", "Api")]), answer))).toBe(4);
});

test("a callee whose isolate is aborted is opened anew", async () => {
  const code = `import { WorkerEntrypoint, abortIsolate } from "cloudflare:workers";
    let calls = 0;
    export class Api extends WorkerEntrypoint { count() { return (calls += 1); } abort() { abortIsolate("because"); } }`;
  deploy("callee", code);
  const expression = `new URL(request.url).pathname === "/abort" ? env.API.abort().catch(() => "aborted") : env.API.count().catch(() => "refused")`;
  const host = await executor.open(deploy("caller", caller(expression), [to("API", "callee", "Api")]), answer);
  expect([await ask(host), await ask(host), await ask(host, "/abort")]).toEqual([1, 2, "aborted"]);
  // The first call finds that the isolate is gone, and says so to the host.
  const refused: unknown[] = [await ask(host)];
  while (refused.at(-1) === "refused") refused.push(await ask(host));
  expect(refused.at(-1)).toBe(1);
});
