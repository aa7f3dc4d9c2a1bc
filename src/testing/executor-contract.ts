/**
 * What holds for every executor: each implementation runs these cases in a test file of its own. One that cannot pass a
 * case names it with the reason, which is printed.
 */
import { afterEach, describe, expect, test } from "vitest";
import { Failure } from "../model/errors.ts";
import type { RuntimeEvent } from "../model/events.ts";
import { decode, encode } from "../model/value.ts";
import type { BindingCall, BindingHandler, Executor, Host } from "../ports/executor.ts";
import { Driver, type RunSetup } from "./executor-driver.ts";
import { contractVersion } from "./executor-script.ts";

/** Groups of cases that an executor may not be able to pass. */
export type SkippableCases = "bindings" | "load" | "fetch" | "hang" | "crash" | "isolation";

/** What a test asks of an executor. */
export interface ExecutorSetup {
  /** How long a host may be silent, in milliseconds. */
  readonly hangAfterMs: number;
  /** What will answer binding calls, for executors whose `env` is made by whoever opens them. */
  readonly bindings: BindingHandler;
}

/** Makes an executor to be tested. */
export type OpenExecutor = (setup: ExecutorSetup) => Executor | Promise<Executor>;

/** How long a busy loop is suffered in the tests, in milliseconds: far longer than a healthy host stays silent on a busy machine. */
const HANG_AFTER_MS = 1_500;

/** Declares the tests. `skips` maps groups of cases to the reason why they do not apply. */
export function executorContract(name: string, openExecutor: OpenExecutor, skips: Partial<Record<SkippableCases, string>> = {}): void {
  const executors: Executor[] = [];
  const refuse: BindingHandler = () => Promise.reject(new Failure("workflow.not_found"));

  async function open(bindings: BindingHandler = refuse, code?: string): Promise<{ host: Host; driver: Driver }> {
    const executor = await openExecutor({ hangAfterMs: HANG_AFTER_MS, bindings });
    executors.push(executor);
    const host = await executor.open(contractVersion(code), bindings);
    return { host, driver: new Driver(host) };
  }

  /** The output of a run of its own. */
  async function outputOf(className: string, setup?: RunSetup, bindings?: BindingHandler): Promise<unknown> {
    const { driver } = await open(bindings);
    return outputIn(await driver.start(className, setup).last());
  }

  const group = (cases: SkippableCases, title: string, body: () => void): void => {
    const reason = skips[cases];
    if (reason === undefined) return void describe(title, body);
    console.info(`executor contract: ${name}: no cases about ${title}: ${reason}`);
    describe.skip(`${title} (${reason})`, body);
  };

  describe(`executor contract: ${name}`, () => {
    afterEach(async () => {
      await Promise.all(executors.splice(0).map((executor) => executor.close()));
    });

    describe("runs", () => runCases({ open, outputOf }));
    describe("ends", () => endCases({ open, outputOf }));
    group("bindings", "bindings", () => bindingCases({ open, outputOf }));
    group("isolation", "a script's own place", () => isolationCases({ open, outputOf }));
    group("load", "code that does not load", () => loadCases({ open, outputOf }));
    group("fetch", "requests", () => fetchCases({ open, outputOf }));
    group("hang", "hangs", () => hangCases({ open, outputOf }));
    group("crash", "crashes", () => crashCases({ open, outputOf }));
  });
}

interface Bench {
  readonly open: (bindings?: BindingHandler, code?: string) => Promise<{ host: Host; driver: Driver }>;
  readonly outputOf: (className: string, setup?: RunSetup, bindings?: BindingHandler) => Promise<unknown>;
}

function outputIn(event: RuntimeEvent | undefined): unknown {
  expect(event).toMatchObject({ type: "workflow_completed" });
  const output = event?.type === "workflow_completed" ? event.output : undefined;
  return output === undefined ? undefined : decode(output);
}

const STEP = ["step_started", "attempt_started", "attempt_completed", "step_completed"];

function runCases({ open, outputOf }: Bench): void {
  test("tells every event of an instance in order", async () => {
    const { driver } = await open();
    const run = driver.start("Two");
    expect(outputIn(await run.last())).toEqual({ first: 2, second: 4, id: "instance-1" });
    expect(run.types).toEqual([...STEP, ...STEP, "workflow_completed"]);
    expect(run.events.map((event) => ("name" in event ? event.name : ""))).toEqual([
      ...Array<string>(4).fill("first"),
      ...Array<string>(4).fill("second"),
      "",
    ]);
  });

  test("a step resolves only when its result has been acknowledged", async () => {
    const { driver } = await open();
    const run = driver.start("Two", { acks: "by hand" });
    await run.until(() => run.types.includes("step_completed"));
    await driver.roundTrip();
    expect(run.types).toEqual(STEP);
    run.ack();
    await run.until(() => run.types.length > STEP.length);
    expect(run.events[STEP.length]).toMatchObject({ type: "step_started", name: "second" });
  });

  test("many runs go on side by side", async () => {
    const { driver } = await open();
    const runs = Array.from({ length: 50 }, (_, n) => driver.start("Two", { params: encode({ n }) }));
    const outputs = await Promise.all(runs.map(async (run) => outputIn(await run.last())));
    expect(outputs).toEqual(runs.map(({ id }, n) => ({ first: n + 1, second: 2 * n + 2, id: `instance-${id}` })));
  });

  test("what is known is not run again", async () => {
    const { driver } = await open();
    const run = driver.start("Two", { history: [{ key: { kind: "do", name: "first", count: 1 }, state: "completed", output: encode(10) }] });
    expect(outputIn(await run.last())).toMatchObject({ first: 10, second: 20 });
    expect(run.types).toEqual([...STEP, "workflow_completed"]);
  });

  test("history that did not fit is asked for", async () => {
    const { driver } = await open();
    const run = driver.start("Two", {
      history: [{ key: { kind: "do", name: "first", count: 1 }, state: "completed", output: encode(10) }],
      knownSteps: 2,
    });
    await run.until(() => run.needs.length > 0);
    expect(run.needs).toEqual([1]);
    run.tell({ type: "history", from: 1, outcomes: [{ key: { kind: "do", name: "second", count: 1 }, state: "completed", output: encode(7) }] });
    expect(outputIn(await run.last())).toMatchObject({ first: 10, second: 7 });
    expect(run.types).toEqual(["workflow_completed"]);
  });

  test("a failed attempt is followed by another when the engine says so", async () => {
    const { driver } = await open();
    const run = driver.start("Flaky");
    await run.until(() => run.idles === 1);
    expect(run.events.at(-1)).toMatchObject({ type: "attempt_errored", attempt: 1, retryDelayMs: 50, error: { name: "TypeError", message: "no 1" } });
    run.tell({ type: "retry", key: { kind: "do", name: "flaky", count: 1 } });
    await run.until(() => run.idles === 2);
    run.tell({ type: "retry", key: { kind: "do", name: "flaky", count: 1 } });
    expect(outputIn(await run.last())).toBe(3);
  });

  test("the script's NonRetryableError is the runtime's", async () => {
    const { driver } = await open();
    const run = driver.start("Stubborn");
    expect(outputIn(await run.last())).toBe("Error: NonRetryableError: never");
    expect(run.types).toEqual(["step_started", "attempt_started", "attempt_errored", "step_errored", "workflow_completed"]);
  });

  test("a recorded failure is thrown again", async () => {
    const history = [{ key: { kind: "do", name: "stubborn", count: 1 }, state: "errored", error: { name: "RangeError", message: "old" } }] as const;
    expect(await outputOf("Stubborn", { history })).toBe("RangeError: old");
  });

  test("a sleep lasts until the engine ends it", async () => {
    const { driver } = await open();
    const run = driver.start("Sleeper");
    await run.until(() => run.idles === 1);
    expect(run.events).toMatchObject([{ type: "sleep_started", name: "nap", count: 1, durationMs: 3_600_000 }]);
    run.tell({ type: "outcome", outcome: { key: { kind: "sleep", name: "nap", count: 1 }, state: "slept" } });
    expect(outputIn(await run.last())).toBe("awake");
  });

  test("a wait ends with the event that the engine delivers", async () => {
    const { driver } = await open();
    const run = driver.start("Waiter");
    await run.until(() => run.idles === 1);
    expect(run.events).toMatchObject([{ type: "wait_started", name: "answer", eventType: "reply" }]);
    const key = { kind: "waitForEvent", name: "answer", count: 1 } as const;
    run.tell({ type: "outcome", outcome: { key, state: "received", eventType: "reply", payload: encode(new Map([[1, 2]])), receivedAt: 77 } });
    expect(outputIn(await run.last())).toEqual({ payload: new Map([[1, 2]]), type: "reply", at: 77 });
  });

  test("an error of the run is its last event", async () => {
    const { driver } = await open();
    const last = await driver.start("Missing").last();
    expect(last).toMatchObject({ type: "workflow_errored", error: { message: expect.stringContaining('"Missing"') as unknown } });
  });
}

function bindingCases({ open, outputOf }: Bench): void {
  test("env holds the values of the bindings, and can be imported", async () => {
    expect(await outputOf("Reader")).toMatchObject({ GREETING: "hello", KEY: "open sesame", SETTINGS: { depth: [1, 2] }, imported: "hello" });
  });

  test("arguments and results cross whole", async () => {
    const calls: BindingCall[] = [];
    const output = await outputOf("Caller", {}, async (call) => {
      calls.push(call);
      return encode("made");
    });
    expect(output).toBe("made");
    expect(calls).toMatchObject([{ workflow: "flow", method: "create" }]);
    expect(decode(calls[0]?.args ?? "")).toMatchObject([{ id: "child-1", params: { when: new Date(5), seen: new Set([1]) } }]);
  });

  test("a refusal arrives as an error with its text", async () => {
    const { driver } = await open(() => Promise.reject(new Failure("instance.already_exists")));
    const run = driver.start("Caller");
    await run.last();
    expect(run.events.find(({ type }) => type === "attempt_errored")).toMatchObject({
      error: { message: "(instance.already_exists) Instance already exists" },
    });
  });

  test("an error that is no refusal keeps its text to itself", async () => {
    const { driver } = await open(() => Promise.reject(new Error("the password is xyzzy")));
    const run = driver.start("Caller");
    await run.last();
    expect(run.events.find(({ type }) => type === "attempt_errored")).toMatchObject({ error: { message: "(internal_server) Internal error" } });
  });
}

function endCases({ open }: Bench): void {
  /** A run that waits in a step until `release` is called. */
  async function gated(): Promise<{ host: Host; driver: Driver; release: () => void; waiting: Promise<void> }> {
    const gate = Promise.withResolvers<string>();
    const reached = Promise.withResolvers<void>();
    const opened = await open(() => {
      reached.resolve();
      return gate.promise;
    });
    return { ...opened, release: () => gate.resolve(encode("gate")), waiting: reached.promise };
  }

  test("a paused run finishes its attempts and begins no more", async () => {
    const { driver, release, waiting } = await gated();
    const run = driver.start("Gated");
    await waiting;
    run.tell({ type: "pause" });
    release();
    await run.until(() => run.idles === 1);
    expect(run.types).toEqual(STEP);
    run.tell({ type: "unpause" });
    expect(outputIn(await run.last())).toBe("through");
  });

  test("nothing is heard of a run that was stopped", async () => {
    const { driver, release, waiting } = await gated();
    const run = driver.start("Gated");
    await waiting;
    await driver.roundTrip();
    const before = run.types;
    run.tell({ type: "stop" });
    release();
    await driver.roundTrip();
    expect(run.types).toEqual(before);
  });

  test("closing ends a host with everything in it", async () => {
    const { host, driver, waiting } = await gated();
    const run = driver.start("Gated");
    await waiting;
    await host.close();
    expect(await host.ended).toEqual({ kind: "closed" });
    run.tell({ type: "stop" });
    await host.close();
  });
}

function isolationCases({ outputOf }: Bench): void {
  test("a script sees nothing of the server's environment", async () => {
    expect(process.env["PATH"]).toBeTypeOf("string");
    expect(await outputOf("Reader")).toMatchObject({ path: "unset", key: "open sesame" });
  });
}

function loadCases({ open }: Bench): void {
  test.each([
    ["a syntax error", "const a = 1;\nlet b = ;\n", /^SyntaxError: .*\(index\.js:2:9\)$/],
    ["an exception at the top level", "const a = 1;\nthrow new TypeError('too bad\\nand more');\n", /^TypeError: too bad \(index\.js:2:7\)$/],
    ["a thrown string", "throw 'just words';", /^just words$/],
    ["an import that nobody has", "import x from 'left-pad';", /"left-pad"/],
    ["a missing export", "import { Nothing } from 'cloudflare:workers';", /Nothing/],
  ])("%s is told with its place", async (_, code, detail) => {
    const opening = open(undefined, code);
    await expect(opening).rejects.toBeInstanceOf(Failure);
    await expect(opening).rejects.toMatchObject({ failure: "script.invalid", detail: expect.stringMatching(detail) as unknown });
  });

  test.each([
    ["a top level that never ends", "await new Promise(() => {});"],
    ["a top level that is busy for ever", "for (;;);"],
    ["a script that exits", "process.exit(0);"],
  ])("%s is refused", async (_, code) => {
    await expect(open(undefined, code)).rejects.toMatchObject({ failure: "script.invalid" });
  });
}

const BASE = "http://contract.test";

function fetchCases({ open }: Bench): void {
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
    const { host } = await open(undefined, "export default { scheduled() {} };");
    await expect(host.fetch(new Request(BASE))).rejects.toMatchObject({ failure: "script.no_fetch_handler" });
  });

  test("a class may handle requests", async () => {
    const code = `import { WorkerEntrypoint } from "cloudflare:workers";
      export default class extends WorkerEntrypoint { fetch() { return new Response(this.env.GREETING) } }`;
    const { host } = await open(undefined, code);
    expect(await (await host.fetch(new Request(BASE))).text()).toBe("hello");
  });

  test("an exception of the handler is a failure with its message", async () => {
    const { host } = await open();
    await expect(host.fetch(new Request(`${BASE}/other`))).rejects.toMatchObject({ failure: "script.exception", detail: "no such page" });
  });

  test("an aborted request is given up, and the handler told", async () => {
    const { host } = await open();
    const abort = new AbortController();
    const fetched = host.fetch(new Request(`${BASE}/never`, { signal: abort.signal }));
    abort.abort(new Error("gone away"));
    await expect(fetched).rejects.toThrow("gone away");
    expect(await (await host.fetch(new Request(`${BASE}/aborted`))).json()).toEqual(["never"]);
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
async function drain(reader: { read(): Promise<{ done: boolean }> } | undefined): Promise<void> {
  while (reader !== undefined && !(await reader.read()).done);
}

function hangCases({ open }: Bench): void {
  test("a busy loop is noticed and ended", async () => {
    const { host, driver } = await open();
    const waiting = host.fetch(new Request(`${BASE}/never`));
    driver.start("Busy");
    await expect(waiting).rejects.toMatchObject({ failure: "script.unavailable" });
    expect(await host.ended).toEqual({ kind: "hung" });
  });
}

function crashCases({ open }: Bench): void {
  test.each([
    ["Crasher", /thrown to nobody/],
    ["Quitter", /code 3/],
  ])("%s takes its host with it, and nothing else", async (className, detail) => {
    const { host, driver } = await open();
    const run = driver.start(className);
    await expect(run.last()).rejects.toThrow("The host ended");
    expect(await host.ended).toEqual({ kind: "died", detail: expect.stringMatching(detail) as unknown });
  });

  test("rejections that nobody handles hurt nobody", async () => {
    const { driver } = await open();
    expect(outputIn(await driver.start("Careless").last())).toBe("still here");
    await driver.roundTrip();
  });

  test("a request in a host that dies is told", async () => {
    const { host } = await open();
    await expect(host.fetch(new Request(`${BASE}/exit`))).rejects.toMatchObject({ failure: "script.unavailable" });
  });
}
