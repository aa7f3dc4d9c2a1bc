/** Workers that scripts load at run time, in real isolates: what they are given, who reaches them, and how many there may be. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { contractVersion } from "../contracts/executor/script.ts";
import { LIMITS } from "../../src/model/limits.ts";
import { encode } from "../../src/model/values/value.ts";
import type { Binding } from "../../src/ports/catalog/bindings.ts";
import type { Executor, Host } from "../../src/ports/executor.ts";
import { workerdExecutor } from "../../src/executors/workerd/executor.ts";

let executor: Executor;
const backend = { type: "service", name: "BACKEND", service: "backend" } as const;
const answer = (): Promise<string> => Promise.resolve(encode("it"));
const BACKEND = {
  ...contractVersion(`export default { fetch: () => new Response("from the backend") };`),
  script: "backend",
  id: "b",
};

beforeAll(() => {
  executor = workerdExecutor({
    onLog: () => {},
    // Starting a hundred isolates on a busy machine is no hang.
    sharedHangAfterMs: 30_000,
    callees: () => Promise.resolve({ version: BACKEND, objects: {}, bindings: () => answer }),
  });
});
afterAll(() => executor.close());

/** What is loaded. */
const LOADED = `
import { WorkerEntrypoint, RpcTarget } from "cloudflare:workers";
class Counter extends RpcTarget { #n = 0; add(by) { return (this.#n += by); } }
let calls = 0;
export class Named extends WorkerEntrypoint { props() { return this.ctx.props; } }
export default class extends WorkerEntrypoint {
  get size() { return 7; }
  add(a, b) { return a + b; }
  calls() { return (calls += 1); }
  counter() { return new Counter(); }
  twice(callback) { return callback(2); }
  fail() { throw new RangeError("too far"); }
  env_() { return Object.keys(this.env); }
  greet(name) { return this.env.API.greet(name); }
  async backend() { return (await this.env.BACKEND.fetch("http://any/")).text(); }
  async out() { return (await fetch("http://somewhere.invalid/path")).text(); }
  async dial(address) { const { connect } = await import("cloudflare:sockets"); return connect(address).opened.then(() => "open", (e) => "refused: " + e.message); }
  async reach(url) { return fetch(url).then((r) => r.status, (e) => "refused"); }
  async fetch(request) { return new Response(request.method + " " + new URL(request.url).pathname + " " + (await request.text())); }
}`;

const script = (expression: string): string => `
import { WorkerEntrypoint, WorkflowEntrypoint } from "cloudflare:workers";
export class Api extends WorkerEntrypoint {
  greet(name) { return this.ctx.props.greeting + " " + name; }
  fetch(request) { return new Response("caught " + request.url); }
}
const code = (more = {}) => ({ compatibilityDate: "2026-11-01", mainModule: "main.js", modules: { "main.js": ${JSON.stringify(LOADED)} }, ...more });
export default {
  async fetch(request, env, ctx) {
    const worker = (name, more) => env.LOADER.get(name, () => code(more)).getEntrypoint();
    try { return Response.json((await (${expression})) ?? null); } catch (error) { return Response.json(error.name + ": " + error.message); }
  },
};`;

let last = 0;
const open = (expression: string, more: readonly Binding[] = []): Promise<Host> => {
  const bindings: Binding[] = [{ type: "worker_loader", name: "LOADER" }, ...more];
  return executor.open({ ...contractVersion(script(expression)), script: "shop", id: `shop-${(last += 1)}`, bindings }, answer);
};
const ask = async (host: Host): Promise<unknown> => (await host.fetch(new Request("http://shop.test/"))).json();

test.each([
  ["a request", `worker("a").fetch("http://any/path", { method: "PUT", body: "sent" }).then((r) => r.text())`, "PUT /path sent"],
  ["a method", `worker("a").add(1, 2)`, 3],
  ["a property", `worker("a").size`, 7],
  ["a method of what a method gives, in one go", `worker("a").counter().add(5)`, 5],
  ["a function that goes along", `worker("a").twice((n) => n * 10)`, 20],
  [
    "what it throws",
    `worker("a").fail().catch((e) => [e.name, e.message, e instanceof RangeError])`,
    ["RangeError", "too far", true],
  ],
  [
    "code that comes late",
    `env.LOADER.get("a", async () => { await scheduler.wait(1); return code(); }).getEntrypoint().add(1, 1)`,
    2,
  ],
  ["code without a name", `env.LOADER.load(code()).getEntrypoint().add(2, 2)`, 4],
  [
    "a class with properties",
    `env.LOADER.load(code()).getEntrypoint("Named", { props: { of: "mine" } }).props()`,
    { of: "mine" },
  ],
  ["values in env, and nothing else", `worker("a", { env: { ONE: 1, TWO: { deep: [2] } } }).env_()`, ["ONE", "TWO"]],
  ["no env", `worker("a").env_()`, []],
  [
    "an entrypoint of the script",
    `worker("a", { env: { API: ctx.exports.Api({ props: { greeting: "hello" } }) } }).greet("you")`,
    "hello you",
  ],
  ["a service of the script", `worker("a", { env: { BACKEND: env.BACKEND } }).backend()`, "from the backend"],
  [
    "an entrypoint that gets its requests",
    `worker("a", { globalOutbound: ctx.exports.Api }).out()`,
    "caught http://somewhere.invalid/path",
  ],
  ["a service that gets its requests", `worker("a", { globalOutbound: env.BACKEND }).out()`, "from the backend"],
  [
    "modules of other types",
    `env.LOADER.load(code({ mainModule: "m.js", modules: {
    "m.js": 'import t from "./a.txt"; import j from "./b.json"; export default { fetch: () => new Response(t + j.n) }',
    "a.txt": { text: "text " }, "b.json": { json: { n: 3 } } } })).getEntrypoint().fetch("http://any/").then((r) => r.text())`,
    "text 3",
  ],
  ["an entrypoint of the script, called by itself", `ctx.exports.Api({ props: { greeting: "own" } }).greet("call")`, "own call"],
  ["the same by its request", `ctx.exports.Api.fetch("http://own/").then((r) => r.text())`, "caught http://own/"],
])("%s", async (_, expression, expected) => {
  expect(await ask(await open(expression, [backend]))).toEqual(expected);
});

test.each([
  [
    "code that does not parse",
    `env.LOADER.load(code({ modules: { "main.js": "a b" } })).getEntrypoint().add(1, 2)`,
    "SyntaxError",
  ],
  [
    "code that cannot be had",
    `env.LOADER.get("a", () => { throw new TypeError("no code") }).getEntrypoint().add(1, 2)`,
    "TypeError: no code",
  ],
  ["a request where none may leave", `worker("a", { globalOutbound: null }).out()`, "not permitted to access the internet"],
  [
    "a socket where none may be opened",
    `worker("a", { globalOutbound: null }).dial("127.0.0.1:1")`,
    "not permitted to access the internet",
  ],
  ["experiments", `worker("a", { allowExperimental: true }).add(1, 2)`, "'allowExperimental' is only allowed"],
  ["Durable Objects", `env.LOADER.load(code()).getDurableObjectClass("Named")`, "not supported by stepwell"],
  ["tails", `worker("a", { tails: [env.BACKEND] }).add(1, 2)`, "not supported by stepwell"],
  ["a name that is too long", `worker("n".repeat(${LIMITS.loadedWorkerName + 1})).add(1, 2)`, "at most"],
  ["a binding that is no service", `worker("a", { env: { LOADER: env.LOADER } }).add(1, 2)`, "Could not serialize"],
])("%s is refused", async (_, expression, expected) => {
  expect(await ask(await open(expression, [backend]))).toContain(expected);
});

test("the rules of the server's network hold for it", async () => {
  expect(await ask(await open(`worker("a").reach("http://127.0.0.1:1/")`))).toBe("refused");
});

test("a name stands for one Worker, in all requests to the isolate that loaded it", async () => {
  const host = await open(`worker("same").calls()`);
  expect([await ask(host), await ask(host), await ask(host)]).toEqual([1, 2, 3]);
});

test("without a name each is another one", async () => {
  const host = await open(`env.LOADER.load(code()).getEntrypoint().calls()`);
  expect([await ask(host), await ask(host)]).toEqual([1, 1]);
});

test("a name whose code could not be had is free for the next one", async () => {
  const fails = `env.LOADER.get("x", () => { throw new Error("not yet") }).getEntrypoint().add(1, 2)`;
  expect(await ask(await open(`${fails}.catch(() => worker("x").add(3, 4))`))).toBe(7);
});

test("scripts do not reach each other's Workers by their names", async () => {
  const one = await open(`worker("shared").calls()`);
  const other = await open(`worker("shared").calls()`);
  expect([await ask(one), await ask(one), await ask(other)]).toEqual([1, 2, 1]);
});

test("its answer may go on after the script's handler has ended", async () => {
  const body = `env.LOADER.load(code({ modules: { "main.js": ${JSON.stringify(`export default { fetch() {
    const { readable, writable } = new IdentityTransformStream();
    (async () => { const w = writable.getWriter(); for (const part of ["1", "2", "3"]) { await scheduler.wait(5); await w.write(new TextEncoder().encode(part)); } await w.close(); })();
    return new Response(readable);
  } };`)} } })).getEntrypoint().fetch(request)`;
  const version = { ...contractVersion(script("0").replace("const worker =", `return ${body}; const worker =`)), id: "streams" };
  const host = await executor.open({ ...version, bindings: [{ type: "worker_loader", name: "LOADER" }] }, answer);
  expect(await (await host.fetch(new Request("http://shop.test/"))).text()).toBe("123");
});

test(`${LIMITS.loadedWorkersAtOnce} without a name may be in use at once`, async () => {
  // None of them gets its code before there is one too many.
  const many = (count: number): string => `(async () => {
    let refuse; const never = new Promise((_, reject) => (refuse = reject));
    const all = Array.from({ length: ${count} }, () => env.LOADER.get(null, () => never).getEntrypoint().add(1, 2).catch((e) => { refuse(e); return e.message; }));
    scheduler.wait(500).then(() => refuse(new Error("all are waiting")));
    return [...new Set(await Promise.all(all))]; })()`;
  const host = await open(many(LIMITS.loadedWorkersAtOnce));
  expect([await ask(host), await ask(host)]).toEqual([["all are waiting"], ["all are waiting"]]);
  expect(await ask(await open(many(LIMITS.loadedWorkersAtOnce + 1)))).toEqual([expect.stringContaining("At most")]);
});

test("one without a name is no longer in use when the request that loaded it is over", async () => {
  const host = await open(
    `(async () => { const sums = []; while (sums.length < 15) sums.push(await env.LOADER.load(code()).getEntrypoint().add(1, 2)); return sums; })()`,
  );
  for (let count = 0; count <= LIMITS.loadedWorkersAtOnce; count += 15) expect(await ask(host)).toHaveLength(15);
});

test("a name that is asked for many times at once stands for one Worker", async () => {
  const late = `env.LOADER.get("x", async () => { await scheduler.wait(5); return code(); }).getEntrypoint()`;
  const host = await open(`Promise.all(Array.from({ length: 20 }, () => ${late}.calls()))`);
  expect((await ask(host)) as number[]).toHaveLength(20);
  expect(new Set((await ask(host)) as number[]).size).toBe(20);
});

test("a Worker that fails to start does so for its own calls, and its name is free for other code", async () => {
  const bad = `env.LOADER.get("x", () => code({ modules: { "main.js": "throw new RangeError('at start')" } })).getEntrypoint().add(1, 2)`;
  const host = await open(
    `${bad}.catch((e) => e.message).then(async (said) => [said, await worker("x").add(3, 4).catch((e) => e.message)])`,
  );
  expect(await ask(host)).toEqual([expect.stringContaining("at start"), 7]);
  expect(await ask(host)).toEqual([3, 7]);
});
