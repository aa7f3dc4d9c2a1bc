/** Durable Objects in real processes of workerd: their API, what is kept of them, their alarms, and what a deployment does to them. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { encode } from "../../src/model/values/value.ts";
import type { Binding } from "../../src/ports/catalog/bindings.ts";
import type { ScriptVersion } from "../../src/ports/catalog/script-versions.ts";
import type { Host } from "../../src/ports/executor.ts";
import { Driver } from "../contracts/executor/driver.ts";
import { contractVersion } from "../contracts/executor/script.ts";
import { workerdExecutor, type WorkerdExecutor } from "../../src/executors/workerd/executor.ts";

let folder: string;
let executor: WorkerdExecutor;
const active = new Map<string, { version: ScriptVersion; objects: Record<string, string> }>();

const noCalls = (): Promise<string> => Promise.resolve(encode(null));

const openExecutor = (): WorkerdExecutor =>
  workerdExecutor({
    onLog: () => {},
    objects: join(folder, "objects"),
    callees: (script) => {
      const found = active.get(script);
      return Promise.resolve(found && { ...found, bindings: () => noCalls });
    },
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "stepwell-objects-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(() => {
  active.clear();
  executor = openExecutor();
});
afterEach(() => executor.close());

const COUNTER: Binding = { type: "durable_object_namespace", name: "COUNTER", className: "Counter" };

const code = (mark: string): string => `
import { abortIsolate, DurableObject, RpcTarget, WorkflowEntrypoint } from "cloudflare:workers";
class Part extends RpcTarget { value() { return "part"; } }
export class Counter extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    ctx.blockConcurrencyWhile(async () => { this.greeting = await ctx.storage.get("greeting") ?? "none"; });
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS counts (n INTEGER)");
  }
  get mark() { return ${JSON.stringify(mark)}; }
  add(n) {
    this.ctx.storage.sql.exec("INSERT INTO counts VALUES (?)", n);
    return this.ctx.storage.sql.exec("SELECT sum(n) AS sum FROM counts").one().sum;
  }
  about() { return { id: this.ctx.id.toString(), name: this.ctx.id.name ?? null, same: this.ctx.id.equals(this.env.COUNTER.idFromString(this.ctx.id.toString())), greeting: this.greeting }; }
  greet(text) { return this.ctx.storage.put("greeting", text); }
  part() { return new Part(); }
  kind() { return [this.constructor.name, this.constructor === Counter, Object.getPrototypeOf(this) === Counter.prototype, Object.getOwnPropertyNames(Counter.prototype).filter((name) => /stepwell/i.test(name))]; }
  call(callback) { return callback("called"); }
  fail() { throw new RangeError("too far"); }
  abort() { abortIsolate("because"); }
  async alarmAt(at) { await this.ctx.storage.setAlarm(at); return this.ctx.storage.getAlarm(); }
  async noAlarm() { await this.ctx.storage.deleteAlarm(); return this.ctx.storage.getAlarm(); }
  async alarm(info) { await this.ctx.storage.put("rang", { retryCount: info.retryCount, mark: this.mark }); }
  rang() { return this.ctx.storage.get("rang"); }
  fetch(request) {
    if (request.headers.has("upgrade")) {
      const { 0: theirs, 1: ours } = new WebSocketPair();
      this.ctx.acceptWebSocket(ours);
      return new Response(null, { status: 101, webSocket: theirs });
    }
    return new Response([request.method, new URL(request.url).pathname, [...request.headers.keys()].filter((name) => name.startsWith("x-"))].join(" "));
  }
  webSocketMessage(socket, message) { socket.send("object heard " + message); }
}
export class Flow extends WorkflowEntrypoint {
  run(event, step) { return step.do("count", () => this.env.COUNTER.getByName("flow").add(2)); }
}
export default { async fetch(request, env) {
  const object = env.COUNTER?.getByName("one");
  const { pathname, searchParams } = new URL(request.url);
  try { return Response.json((await table[pathname]({ env, object, at: Number(searchParams.get("at")) })) ?? null); }
  catch (error) { return Response.json({ name: error.name, message: error.message }); }
} };
const table = {
  "/add": ({ object }) => object.add(1),
  "/mark": ({ object }) => object.mark,
  "/about": ({ object }) => object.about(),
  "/greet": ({ object }) => object.greet("hi"),
  "/kind": ({ object }) => object.kind(),
  "/part": ({ object }) => object.part().value(),
  "/call": ({ object }) => object.call((text) => text + " back"),
  "/fail": ({ object }) => object.fail(),
  "/nothing": ({ object }) => object.nothing(),
  "/fetch": async ({ object }) => (await object.fetch("http://object/path", { method: "POST" })).text(),
  "/socket": async ({ object }) => {
    const { webSocket } = await object.fetch("http://object/", { headers: { upgrade: "websocket" } });
    webSocket.accept();
    return new Promise((done) => { webSocket.addEventListener("message", ({ data }) => done(data)); webSocket.send("you"); });
  },
  "/unique": async ({ env }) => {
    const [a, b] = [env.COUNTER.newUniqueId(), env.COUNTER.newUniqueId()];
    await env.COUNTER.get(a).add(5);
    return [a.equals(b), await env.COUNTER.get(b).add(1), await env.COUNTER.get(env.COUNTER.idFromString(String(a))).add(1), "name" in a];
  },
  "/abort": ({ object }) => object.abort().catch(() => "aborted"),
  "/invalid": ({ env }) => env.COUNTER.idFromString("no"),
  "/alarm": ({ object, at }) => object.alarmAt(at),
  "/no-alarm": ({ object }) => object.noAlarm(),
  "/rang": ({ object }) => object.rang(),
};`;

let versions = 0;

async function deploy(mark: string, script = "shop", bindings: readonly Binding[] = [COUNTER]): Promise<Host> {
  const version = { ...contractVersion(code(mark)), script, id: `v${(versions += 1)}`, bindings };
  active.set(script, { version, objects: { Counter: `${expect.getState().currentTestName} ${script}` } });
  return executor.open(version, noCalls);
}

const ask = async (host: Host, path: string): Promise<unknown> =>
  (await host.fetch(new Request(`http://shop.test${path}`))).json();

test("an object is called by name, by id, as a whole and by its parts", async () => {
  const host = await deploy("one");
  expect([await ask(host, "/add"), await ask(host, "/add")]).toEqual([1, 2]);
  expect(await ask(host, "/mark")).toBe("one");
  expect(await ask(host, "/about")).toEqual({
    id: expect.stringMatching(/^[\da-f]{64}$/) as string,
    name: "one",
    same: true,
    greeting: "none",
  });
  expect(await ask(host, "/kind")).toEqual(["Counter", true, true, []]);
  expect(await ask(host, "/part")).toBe("part");
  expect(await ask(host, "/call")).toBe("called back");
  expect(await ask(host, "/fail")).toEqual({ name: "RangeError", message: "too far" });
  expect(await ask(host, "/nothing")).toMatchObject({
    message: expect.stringContaining('does not implement the method "nothing"') as string,
  });
  expect(await ask(host, "/fetch")).toBe("POST /path ");
  expect(await ask(host, "/socket")).toBe("object heard you");
  expect(await ask(host, "/unique")).toEqual([false, 1, 6, false]);
  expect(await ask(host, "/invalid")).toMatchObject({ name: "TypeError" });
  expect(await new Driver(host).start("Flow").last()).toMatchObject({ output: encode(2) });
});

test("what an object keeps survives the end of its process, and new code goes on with it", async () => {
  const first = await deploy("one");
  expect(await ask(first, "/add")).toBe(1);
  await ask(first, "/greet");
  await executor.close();
  executor = openExecutor();
  const second = await deploy("two");
  expect(await ask(second, "/add")).toBe(2);
  expect(await ask(second, "/about")).toMatchObject({ greeting: "hi" });
  const third = await deploy("three");
  // Calls from any version reach the same object, and it has the newest code.
  expect([await ask(second, "/mark"), await ask(third, "/mark")]).toEqual(["three", "three"]);
  expect([await ask(third, "/add"), await ask(second, "/add")]).toEqual([3, 4]);
});

test("an object whose isolate is aborted starts anew, with what it has kept", async () => {
  const host = await deploy("one");
  expect([await ask(host, "/add"), await ask(host, "/abort")]).toEqual([1, "aborted"]);
  const marks: unknown[] = [await ask(host, "/mark")];
  while (marks.at(-1) !== "one") marks.push(await ask(host, "/mark"));
  expect(await ask(host, "/add")).toBe(2);
});

test("another script that is bound to the class calls the same objects", async () => {
  const owner = await deploy("owner");
  expect(await ask(owner, "/add")).toBe(1);
  const other = await deploy("other", "other", [{ ...COUNTER, script: "shop" }]);
  expect([await ask(other, "/add"), await ask(other, "/mark")]).toEqual([2, "owner"]);
  active.delete("shop");
  expect(await ask(other, "/add")).toMatchObject({ message: expect.stringContaining('Worker "shop" not found') as string });
});

test("an alarm rings, is readable, and can be deleted", async () => {
  const host = await deploy("one");
  const late = Date.now() + 3_600_000;
  expect(await ask(host, `/alarm?at=${late}`)).toBe(late);
  expect(await ask(host, "/no-alarm")).toBeNull();
  await ask(host, `/alarm?at=${Date.now()}`);
  while ((await ask(host, "/rang")) === null);
  expect(await ask(host, "/rang")).toEqual({ retryCount: 0, mark: "one" });
});

test("an alarm that was due while nothing ran rings at the start", async () => {
  const host = await deploy("one");
  const at = Date.now() + 300;
  await ask(host, `/alarm?at=${at}`);
  await executor.close();
  while (Date.now() < at);
  executor = openExecutor();
  executor.startAlarms();
  const again = await deploy("two");
  while ((await ask(again, "/rang")) === null);
  expect(await ask(again, "/rang")).toMatchObject({ retryCount: 0 });
});

test("without a folder to keep them in, bindings to objects are refused", async () => {
  const none = workerdExecutor({ onLog: () => {} });
  const version = { ...contractVersion(code("one")), bindings: [COUNTER] };
  await expect(none.open(version, noCalls)).rejects.toMatchObject({ failure: "script.binding_unsupported" });
  await none.close();
});

test.each(["Plain", "Derived"])("an object of the class %s is of that very class, and its alarm rings", async (className) => {
  const shapes = `
import { DurableObject } from "cloudflare:workers";
export class Plain {
  constructor(ctx) { this.ctx = ctx; }
  async fetch(request) {
    if (request.url.endsWith("/set")) await this.ctx.storage.setAlarm(Date.now());
    const own = [this.constructor, Object.getPrototypeOf(this)].map((each) => each === Plain || each === Plain.prototype);
    return Response.json({ name: this.constructor.name, own, rang: (await this.ctx.storage.get("rang")) ?? null });
  }
  async alarm() { await this.ctx.storage.put("rang", this.constructor.name); }
}
class Base extends DurableObject {
  async alarm() { await this.ctx.storage.put("rang", this.constructor.name); }
}
export class Derived extends Base {
  async fetch(request) {
    if (request.url.endsWith("/set")) await this.ctx.storage.setAlarm(Date.now());
    const own = [this.constructor, Object.getPrototypeOf(this)].map((each) => each === Derived || each === Derived.prototype);
    return Response.json({ name: this.constructor.name, own, rang: (await this.ctx.storage.get("rang")) ?? null });
  }
}
export default { fetch: (request, env) => env.OBJECT.get(env.OBJECT.idFromName("one")).fetch(request) };`;
  const bindings: Binding[] = [{ type: "durable_object_namespace", name: "OBJECT", className }];
  const version = { ...contractVersion(shapes), script: "shapes", id: `v${(versions += 1)}`, bindings };
  active.set("shapes", { version, objects: { [className]: `shapes ${className}` } });
  const host = await executor.open(version, noCalls);
  expect(await ask(host, "/set")).toMatchObject({ name: className, own: [true, true] });
  while (((await ask(host, "/")) as { rang: unknown }).rang === null);
  expect(await ask(host, "/")).toEqual({ name: className, own: [true, true], rang: className });
});

test("ctx.exports has the namespaces of the script's own classes, and facets of its classes have the ids that they are given", async () => {
  const exported = `
import { DurableObject } from "cloudflare:workers";
export class Whole extends DurableObject {
  called() { return this.ctx.id.name ?? null; }
  async part(name, Class, id) {
    const given = id === undefined ? {} : { id: this.ctx.exports.Whole.idFromName(id) };
    const part = this.ctx.facets.get(name, () => ({ class: this.ctx.exports[Class], ...given }));
    return [await part.called(), await part.kind(), await part.add(), await part.add(), await part.inner()];
  }
  kind() { return this.constructor.name; }
  add() { return this.ctx.storage.get("n").then((n = 0) => this.ctx.storage.put("n", n + 1).then(() => n + 1)); }
  inner() { return null; }
  drop(name) { this.ctx.facets.delete(name); }
}
export class Part extends Whole {
  inner() { return this.ctx.facets.get("inner", () => ({ class: this.ctx.exports.Part, id: this.ctx.exports.Whole.idFromName("inner") })).called(); }
}
export default { async fetch(request, env, ctx) {
  const whole = ctx.exports.Whole.getByName("one");
  return Response.json({
    env: Object.keys(env), exports: Object.keys(ctx.exports).sort(), name: await whole.called(),
    kinds: [typeof ctx.exports.Whole.idFromName, typeof ctx.exports.Part.idFromName],
    named: await whole.part("named", "Part", "of part"),
    plain: await whole.part("plain", "Part"),
    same: await whole.part("same", "Whole", "of whole"),
    dropped: [await whole.drop("named"), await whole.part("named", "Part", "again")][1],
  });
} };`;
  const version = {
    ...contractVersion(exported),
    script: "parts",
    id: `v${(versions += 1)}`,
    bindings: [],
    objectClasses: ["Whole"],
  };
  active.set("parts", { version, objects: { Whole: "parts whole" } });
  expect(await ask(await executor.open(version, noCalls), "/")).toEqual({
    env: [],
    exports: ["Part", "Whole", "default"],
    kinds: ["function", "undefined"],
    name: "one",
    named: ["of part", "Part", 1, 2, "inner"],
    plain: ["one", "Part", 1, 2, "inner"],
    same: ["of whole", "Whole", 1, 2, null],
    dropped: ["again", "Part", 1, 2, "inner"],
  });
});
