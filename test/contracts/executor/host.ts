/** Executor contract: how a host loads a script, answers requests, and ends. */
import { describe, expect, test } from "vitest";
import { Failure } from "../../../src/model/failures/failure.ts";
import type { ScriptLine } from "../../../src/ports/script-log.ts";
import { NO_VERDICT } from "../../../src/model/platform/queue.ts";
import type { Host } from "../../../src/ports/executor.ts";
import type { ScriptEvent } from "../../../src/protocol/handlers.ts";
import { toBody } from "../../../src/runtime/bindings/queue-body.ts";
import type { OpenHost } from "./executor.ts";
import { outputIn, outputOf } from "./run.ts";

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
    ["an import that does not resolve", "import x from 'left-pad';", /left-pad/],
    ["a missing export", "import { Nothing } from 'cloudflare:workers';", /Nothing/],
  ])("%s rejects the load and is reported with its place", async (_, code, detail) => {
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

/** More than any buffer on the way holds. */
const UNREAD_BYTES = 8 * 1024 * 1024;

/** Of those that are lost, not every one is. */
const UNREAD_REQUESTS = 10;

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

  test("an exception of the handler is in the log, with its stack", async () => {
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

  test.each([
    [
      "of a length that is said",
      (bytes: Uint8Array<ArrayBuffer>) => ({ body: bytes, headers: { "content-length": String(bytes.byteLength) } }),
    ],
    ["of any length", (bytes: Uint8Array<ArrayBuffer>) => ({ body: new Blob([bytes]).stream(), duplex: "half" as const })],
  ])("an unread body %s does not break the answer", async (_, sent) => {
    const { host } = await open();
    for (let i = 0; i < UNREAD_REQUESTS; i += 1) {
      const response = await host.fetch(
        new Request(`${BASE}/cookies`, { method: "POST", ...sent(new Uint8Array(UNREAD_BYTES)) }),
      );
      expect(response.status).toBe(204);
    }
    const refused = host.fetch(new Request(`${BASE}/nowhere`, { method: "POST", ...sent(new Uint8Array(UNREAD_BYTES)) }));
    await expect(refused).rejects.toMatchObject({ failure: "script.exception" });
  });

  test("a script without a fetch handler has a failure of its own", async () => {
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

  test("an aborted request rejects, and the handler is notified", async () => {
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

  test("requests reject when their host is closed", async () => {
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

const HANDLERS = `
  const seen = [];
  export const handlers = {
    async scheduled(controller, env, ctx) {
      seen.push([controller.cron, controller.scheduledTime, env.GREETING]);
      controller.noRetry();
      ctx.waitUntil(new Promise((resolve) => setTimeout(() => resolve(seen.push("waited")))));
      if (controller.cron === "late") ctx.waitUntil(Promise.reject(new Error("too late")));
      if (controller.cron === "bad") throw new RangeError("no such time");
      if (controller.cron === "never") return new Promise((resolve) => setTimeout(resolve, 3_600_000));
    },
    async queue(batch, env) {
      seen.push([batch.queue, env.GREETING, ...batch.messages.map(({ id, attempts, timestamp, body }) => [id, attempts, +timestamp, body])]);
      for (const message of batch.messages) {
        if (message.body === "ack") message.ack();
        if (message.body === "retry") message.retry({ delaySeconds: 7 });
        if (message.body === "first") (message.ack(), message.retry());
      }
      if (batch.queue === "all") (batch.ackAll(), batch.retryAll());
      if (batch.queue === "again") batch.retryAll({ delaySeconds: 9 });
      if (batch.queue === "bad") throw new RangeError("no such queue");
    },
    fetch: () => Response.json(seen),
  };
`;

const AS_OBJECT = `${HANDLERS} export default handlers;`;

const AS_CLASS = `import { WorkerEntrypoint } from "cloudflare:workers"; ${HANDLERS}
  export default class extends WorkerEntrypoint {
    scheduled(controller) { return handlers.scheduled(controller, this.env, this.ctx); }
    queue(batch) { return handlers.queue(batch, this.env, this.ctx); }
    fetch() { return handlers.fetch(); }
  }`;

const tick = (cron: string): ScriptEvent => ({ type: "scheduled", cron, scheduledTime: 60_000 });

const letters = (queue: string, ...bodies: readonly string[]): ScriptEvent => ({
  type: "queue",
  queue,
  messages: bodies.map((body, i) => ({ id: `m${i}`, timestamp: 1_000 + i, attempts: i + 1, contentType: "text", body })),
});

/** Handlers besides `fetch`. */
export function eventCases(open: OpenHost): void {
  describe.each([
    ["an object", AS_OBJECT],
    ["a class", AS_CLASS],
  ])("of %s", (_, code) => {
    const seen = async (host: Host): Promise<unknown> => (await host.fetch(new Request(BASE))).json();

    test("a scheduled handler gets its cron and time, and ends after its waitUntil promises", async () => {
      const { host } = await open({ code });
      expect(await host.dispatch(tick("* * * * *"))).toEqual({ thrown: null, verdict: NO_VERDICT });
      expect(await seen(host)).toEqual([["* * * * *", 60_000, "hello"], "waited"]);
    });

    test("an exception is reported, and so is a rejected waitUntil promise", async () => {
      const { host } = await open({ code });
      expect(await host.dispatch(tick("bad"))).toMatchObject({ thrown: "RangeError: no such time" });
      expect(await host.dispatch(tick("late"))).toMatchObject({ thrown: "Error: too late" });
    });

    test("a queue handler says what becomes of each message, and its first word counts", async () => {
      const { host } = await open({ code });
      const { thrown, verdict } = await host.dispatch(letters("some", "ack", "retry", "first", "none"));
      expect(thrown).toBeNull();
      expect(verdict).toEqual({ acks: ["m0", "m2"], retries: [{ id: "m1", delaySeconds: 7 }] });
      expect(await seen(host)).toEqual([
        [
          "some",
          "hello",
          ["m0", 1, 1_000, "ack"],
          ["m1", 2, 1_001, "retry"],
          ["m2", 3, 1_002, "first"],
          ["m3", 4, 1_003, "none"],
        ],
      ]);
      expect((await host.dispatch(letters("all", "none"))).verdict).toEqual({ all: "ack", acks: [], retries: [] });
      expect((await host.dispatch(letters("again", "ack"))).verdict).toEqual({
        all: { delaySeconds: 9 },
        acks: ["m0"],
        retries: [],
      });
    });

    test("acknowledgements before an exception count", async () => {
      const { host } = await open({ code });
      expect(await host.dispatch(letters("bad", "ack", "none"))).toMatchObject({
        thrown: "RangeError: no such queue",
        verdict: { acks: ["m0"] },
      });
    });
  });

  test("bodies arrive as what they were sent as", async () => {
    const code = `let kinds; export default {
      queue: ({ messages }) => { kinds = messages.map(({ body }) => [Object.prototype.toString.call(body), body instanceof ArrayBuffer ? [...new Uint8Array(body)] : body instanceof Map ? [...body] : body]); },
      fetch: () => Response.json(kinds),
    };`;
    const { host } = await open({ code });
    const common = { id: "m", timestamp: 0, attempts: 1 };
    const messages = (["text", "json", "bytes", "v8"] as const).map((contentType) => {
      const value = { text: "text", json: { a: [1] }, bytes: Uint8Array.of(1, 255), v8: new Map([[1, 2]]) }[contentType];
      return { ...common, ...toBody(value, contentType) };
    });
    await host.dispatch({ type: "queue", queue: "q", messages });
    expect(await (await host.fetch(new Request(BASE))).json()).toEqual([
      ["[object String]", "text"],
      ["[object Object]", { a: [1] }],
      ["[object ArrayBuffer]", [1, 255]],
      ["[object Map]", [[1, 2]]],
    ]);
  });

  test("a script without the handler has a failure of its own", async () => {
    const { host } = await open();
    await expect(host.dispatch(tick("* * * * *"))).rejects.toMatchObject({ failure: "script.no_handler" });
    await expect(host.dispatch(letters("q"))).rejects.toMatchObject({ failure: "script.no_handler" });
  });

  test("handler calls reject when their host is closed", async () => {
    const { host } = await open({ code: AS_OBJECT });
    const waiting = host.dispatch(tick("never"));
    await host.dispatch(tick("* * * * *"));
    const closed = host.close();
    await expect(waiting).rejects.toMatchObject({ failure: "script.unavailable" });
    await closed;
    await expect(host.dispatch(tick("* * * * *"))).rejects.toMatchObject({ failure: "script.unavailable" });
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
    expect(await host.ended).toMatchObject({ kind: "hung", silentMs: expect.any(Number) as unknown });
  });
}

/** Runs `className`, which takes its host with it. */
async function expectCrash(open: OpenHost, className: string, detail: RegExp): Promise<void> {
  const { host, driver } = await open();
  const run = driver.start(className);
  await expect(run.last()).rejects.toThrow("The host ended");
  expect(await host.ended).toEqual({ kind: "died", detail: expect.stringMatching(detail) as unknown });
}

/** Uncaught exceptions. */
export function crashCases(open: OpenHost): void {
  test("an uncaught exception ends its host, and nothing else", async () => {
    await expectCrash(open, "Crasher", /thrown from a timer/);
  });
}

/** Unhandled rejections. */
export function rejectionCases(open: OpenHost): void {
  test("an unhandled rejection does not end the host", async () => {
    const { driver } = await open();
    expect(outputIn(await driver.start("Careless").last())).toBe("still here");
    await driver.roundTrip();
  });
}

/** Scripts that call `process.exit`. */
export function exitCases(open: OpenHost): void {
  test("process.exit at the top level is refused", async () => {
    await expect(open({ code: "process.exit(0);" })).rejects.toMatchObject({ failure: "script.invalid" });
  });

  test("process.exit in a run ends the host", async () => {
    await expectCrash(open, "Quitter", /code 3/);
  });

  test("process.exit in a request rejects it", async () => {
    const { host } = await open();
    await expect(host.fetch(new Request(`${BASE}/exit`))).rejects.toMatchObject({ failure: "script.unavailable" });
  });
}
