/** Executor contract: how a host loads a script, answers requests, and ends. */
import { expect, test } from "vitest";
import { Failure } from "../model/errors.ts";
import type { ScriptLine } from "../ports/script-log.ts";
import type { OpenHost } from "./executor-contract.ts";
import { outputIn, outputOf } from "./executor-run-contract.ts";

/** How long a script that has hung is suffered here, in milliseconds. Healthy ones load in a tenth of it. */
const HANG_AFTER_MS = 2_000;

const BASE = "http://contract.test";

/** What a script must not see. */
export function isolationCases(open: OpenHost): void {
  test("a script sees nothing of the server's environment", async () => {
    expect(process.env["PATH"]).toBeTypeOf("string");
    expect(await outputOf(open, "Reader")).toMatchObject({ path: "unset", key: "open sesame" });
  });
}

/** Scripts that do not load. */
export function loadCases(open: OpenHost): void {
  test.each([
    ["a syntax error", "const a = 1;\nlet b = ;\n", /^SyntaxError: .*\n {4}at index\.js:2:9$/],
    [
      "an exception at the top level",
      "function fail() {\n  throw new TypeError('too bad\\nand more');\n}\nfail();",
      /^TypeError: too bad\nand more\n {4}at fail \(index\.js:2:9\)\n {4}at index\.js:4:1$/,
    ],
    ["a thrown string", "throw 'just words';", /^just words$/],
    ["an import that nobody has", "import x from 'left-pad';", /left-pad/],
    ["a missing export", "import { Nothing } from 'cloudflare:workers';", /Nothing/],
  ])("%s is told with its place", async (_, code, detail) => {
    const opening = open({ code });
    await expect(opening).rejects.toBeInstanceOf(Failure);
    await expect(opening).rejects.toMatchObject({ failure: "script.invalid", detail: expect.stringMatching(detail) as unknown });
  });

  test.each([
    ["a top level that never ends", "await new Promise(() => {});"],
    ["a top level that is busy for ever", "for (;;);"],
  ])("%s is refused", async (_, code) => {
    await expect(open({ code, hangAfterMs: HANG_AFTER_MS })).rejects.toMatchObject({ failure: "script.invalid" });
  });
}

/** Requests to a script. */
export function fetchCases(open: OpenHost): void {
  test("request and response cross with everything that belongs to them", async () => {
    const { host } = await open();
    const response = await host.fetch(new Request(`${BASE}/echo`, { method: "PUT", body: "body", headers: { "x-sent": "yes" } }));
    expect(response.status).toBe(201);
    expect(Object.fromEntries(response.headers)).toMatchObject({ "x-method": "PUT", "x-greeting": "hello", "x-sent": "yes" });
    expect(await response.text()).toBe("body");
    const empty = await host.fetch(new Request(`${BASE}/cookies`));
    expect(empty.status).toBe(204);
    expect(empty.body).toBeNull();
    expect(empty.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  });

  test("what the handler throws is in the log, with its stack", async () => {
    const { promise, resolve } = Promise.withResolvers<ScriptLine>();
    const { host } = await open({ onLog: resolve });
    await expect(host.fetch(new Request(`${BASE}/nowhere`))).rejects.toThrow();
    expect(await promise).toMatchObject({
      level: "error",
      kind: "exception",
      text: expect.stringMatching(/^RangeError: no such page\n\s+at /) as unknown,
    });
  });

  test("bodies stream both ways", async () => {
    const { host } = await open();
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const response = await host.fetch(new Request(`${BASE}/echo`, { method: "POST", body: readable, duplex: "half" }));
    const writer = writable.getWriter();
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (const chunk of ["one", "two"]) {
      void writer.write(new TextEncoder().encode(chunk));
      expect(await reader?.read()).toEqual({ done: false, value: chunk });
    }
    void writer.close();
    expect(await reader?.read()).toEqual({ done: true, value: undefined });
  });

  test("a script without a handler is told apart", async () => {
    const { host } = await open({ code: "export default { scheduled() {} };" });
    await expect(host.fetch(new Request(BASE))).rejects.toMatchObject({ failure: "script.no_fetch_handler" });
  });

  test("a class may handle requests", async () => {
    const code = `import { WorkerEntrypoint } from "cloudflare:workers";
      export default class extends WorkerEntrypoint { fetch() { return new Response(this.env.GREETING) } }`;
    const { host } = await open({ code });
    expect(await (await host.fetch(new Request(BASE))).text()).toBe("hello");
  });

  test("an exception of the handler is a failure with its message", async () => {
    const { host } = await open();
    await expect(host.fetch(new Request(`${BASE}/other`))).rejects.toMatchObject({
      failure: "script.exception",
      detail: "no such page",
    });
  });

  test("an aborted request is given up, and the handler told", async () => {
    const { host } = await open();
    const abort = new AbortController();
    const seen = async (what: string): Promise<void> => {
      while (!((await (await host.fetch(new Request(`${BASE}/aborted`))).json()) as string[]).includes(what));
    };
    const fetched = host.fetch(new Request(`${BASE}/never`, { signal: abort.signal }));
    await seen("not yet");
    abort.abort(new Error("gone away"));
    await expect(fetched).rejects.toThrow("gone away");
    await seen("never");
  });

  test("nobody waits for a host that has ended", async () => {
    const { host } = await open();
    const body = (await host.fetch(new Request(`${BASE}/stuck`))).body?.getReader();
    expect(await body?.read()).toMatchObject({ done: false });
    const waiting = host.fetch(new Request(`${BASE}/never`));
    const closed = host.close();
    await expect(waiting).rejects.toMatchObject({ failure: "script.unavailable" });
    await closed;
    await expect(drain(body)).rejects.toMatchObject({ failure: "script.unavailable" });
    await expect(host.fetch(new Request(BASE))).rejects.toMatchObject({ failure: "script.unavailable" });
  });
}

/** Reads to the end. */
async function drain(reader: ReadableStreamDefaultReader<Uint8Array> | undefined): Promise<void> {
  for (;;) {
    const chunk = await reader?.read();
    if (chunk?.done !== false) return;
  }
}

/** Scripts that stop turning. */
export function hangCases(open: OpenHost): void {
  test("a busy loop is noticed and ended", async () => {
    const { host, driver } = await open({ hangAfterMs: HANG_AFTER_MS });
    const waiting = host.fetch(new Request(`${BASE}/never`));
    driver.start("Busy");
    await expect(waiting).rejects.toMatchObject({ failure: "script.unavailable" });
    expect(await host.ended).toEqual({ kind: "hung" });
  });
}

/** Runs `className`, which takes its host with it. */
async function expectCrash(open: OpenHost, className: string, detail: RegExp): Promise<void> {
  const { host, driver } = await open();
  const run = driver.start(className);
  await expect(run.last()).rejects.toThrow("The host ended");
  expect(await host.ended).toEqual({ kind: "died", detail: expect.stringMatching(detail) as unknown });
}

/** Exceptions that nobody catches. */
export function crashCases(open: OpenHost): void {
  test("an exception that nobody catches takes the host with it, and nothing else", async () => {
    await expectCrash(open, "Crasher", /thrown to nobody/);
  });
}

/** Rejections that nobody handles. */
export function rejectionCases(open: OpenHost): void {
  test("they hurt nobody", async () => {
    const { driver } = await open();
    expect(outputIn(await driver.start("Careless").last())).toBe("still here");
    await driver.roundTrip();
  });
}

/** Scripts that call `process.exit`. */
export function exitCases(open: OpenHost): void {
  test("at the top level, it is refused", async () => {
    await expect(open({ code: "process.exit(0);" })).rejects.toMatchObject({ failure: "script.invalid" });
  });

  test("in a run, it takes the host with it", async () => {
    await expectCrash(open, "Quitter", /code 3/);
  });

  test("in a request, it is told", async () => {
    const { host } = await open();
    await expect(host.fetch(new Request(`${BASE}/exit`))).rejects.toMatchObject({ failure: "script.unavailable" });
  });
}
