/** Executor contract: what a run in a host does, frame by frame. */
import { expect, test } from "vitest";
import { Failure } from "../../../src/model/failures/failure.ts";
import type { RuntimeEvent } from "../../../src/model/instance/events.ts";
import { LIMITS } from "../../../src/model/limits.ts";
import { decode, encode } from "../../../src/model/values/value.ts";
import type { Host } from "../../../src/ports/executor.ts";
import type { BindingCall } from "../../../src/protocol/calls.ts";
import type { HostSetup, OpenHost } from "./executor.ts";
import type { Driver, RunSetup } from "./driver.ts";

const STEP = ["step_started", "attempt_started", "attempt_completed", "step_completed"];

/** The output of a run that completed with this event. */
export function outputIn(event: RuntimeEvent | undefined): unknown {
  expect(event).toMatchObject({ type: "workflow_completed" });
  const output = event?.type === "workflow_completed" ? event.output : undefined;
  return output === undefined ? undefined : decode(output);
}

/** The output of a run in a host of its own. */
export async function outputOf(open: OpenHost, className: string, setup?: RunSetup, hostSetup?: HostSetup): Promise<unknown> {
  const { driver } = await open(hostSetup);
  return outputIn(await driver.start(className, setup).last());
}

/** Steps, sleeps and waits; history; failures. */
export function runCases(open: OpenHost): void {
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

  test("a step in the history is not run again", async () => {
    const { driver } = await open();
    const run = driver.start("Two", {
      history: [{ key: { kind: "do", name: "first", count: 1 }, state: "completed", output: encode(10) }],
    });
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
    run.tell({
      type: "history",
      from: 1,
      outcomes: [{ key: { kind: "do", name: "second", count: 1 }, state: "completed", output: encode(7) }],
    });
    expect(outputIn(await run.last())).toMatchObject({ first: 10, second: 7 });
    expect(run.types).toEqual(["workflow_completed"]);
  });

  test("a failed attempt is followed by another when the engine says so", async () => {
    const { driver } = await open();
    const run = driver.start("Flaky");
    await run.until(() => run.idles === 1);
    expect(run.events.at(-1)).toMatchObject({
      type: "attempt_errored",
      attempt: 1,
      retryDelayMs: 50,
      error: { name: "TypeError", message: "no 1" },
      frame: "miss",
    });
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

  test("of a long message as much is recorded as may be", async () => {
    const { driver } = await open();
    const run = driver.start("Verbose");
    await run.last();
    const messages = run.events.flatMap((event) => ("error" in event ? [event.error.message] : []));
    expect(messages).toHaveLength(3);
    for (const message of messages) expect([message.length, message.at(-1)]).toEqual([LIMITS.errorText, "…"]);
    expect(messages.at(-1)).toMatch(/^2 x/);
  });

  test("a recorded failure is thrown again", async () => {
    const history = [
      { key: { kind: "do", name: "stubborn", count: 1 }, state: "errored", error: { name: "RangeError", message: "old" } },
    ] as const;
    expect(await outputOf(open, "Stubborn", { history })).toBe("RangeError: old");
  });

  test("a sleep lasts until the engine ends it", async () => {
    const { driver } = await open();
    const run = driver.start("Sleeper");
    await run.until(() => run.idles === 1);
    expect(run.events).toMatchObject([{ type: "sleep_started", name: "nap", count: 1, durationMs: 3_600_000 }]);
    run.tell({ type: "outcome", outcome: { key: { kind: "sleep", name: "nap", count: 1 }, state: "slept" } });
    expect(outputIn(await run.last())).toBe("awake");
  });

  test("a run that waits leaves when it is asked to, and says so", async () => {
    const { driver } = await open();
    const run = driver.start("Sleeper");
    await run.until(() => run.idles === 1);
    run.tell({ type: "park" });
    await run.until(() => run.isParked);
    // What comes too late is passed over.
    run.tell({ type: "outcome", outcome: { key: { kind: "sleep", name: "nap", count: 1 }, state: "slept" } });
    const next = driver.start("Sleeper", {
      history: [{ key: { kind: "sleep", name: "nap", count: 1 }, state: "slept" }],
      knownSteps: 1,
    });
    expect(outputIn(await next.last())).toBe("awake");
    expect(run.types).toEqual(["sleep_started"]);
  });

  test("a run that has been sent an outcome does not park", async () => {
    const { driver } = await open();
    const run = driver.start("Sleeper");
    await run.until(() => run.idles === 1);
    run.tell({ type: "outcome", outcome: { key: { kind: "sleep", name: "nap", count: 1 }, state: "slept" } });
    run.tell({ type: "park" });
    expect(outputIn(await run.last())).toBe("awake");
    expect(run.isParked).toBe(false);
  });

  test("a wait ends with the event that the engine delivers", async () => {
    const { driver } = await open();
    const run = driver.start("Waiter");
    await run.until(() => run.idles === 1);
    expect(run.events).toMatchObject([{ type: "wait_started", name: "answer", eventType: "reply" }]);
    const key = { kind: "waitForEvent", name: "answer", count: 1 } as const;
    run.tell({
      type: "outcome",
      outcome: { key, state: "received", eventType: "reply", payload: encode(new Map([[1, 2]])), receivedAt: 77 },
    });
    expect(outputIn(await run.last())).toEqual({ payload: new Map([[1, 2]]), type: "reply", at: 77 });
  });

  test.each([
    [LIMITS.valueDepth - 1, "workflow_completed"],
    [LIMITS.valueDepth, "workflow_errored"],
    [6_000, "workflow_errored"],
  ])("an output nested %i levels deep, and put into an object, ends a run as %s", async (levels, type) => {
    const { driver } = await open();
    const run = driver.start("Waiter");
    await run.until(() => run.idles === 1);
    const key = { kind: "waitForEvent", name: "answer", count: 1 } as const;
    const payload = "[".repeat(levels) + "]".repeat(levels);
    run.tell({ type: "outcome", outcome: { key, state: "received", eventType: "reply", payload, receivedAt: 77 } });
    const last = await run.last();
    expect(last?.type).toBe(type);
    if (type === "workflow_errored")
      expect(last).toMatchObject({ error: { message: expect.stringContaining("nested deeper than 500 levels") as string } });
  });

  test("a stream leaves in chunks, and comes back when it is read", async () => {
    const { driver } = await open();
    const run = driver.start("Streamer");
    const step = { name: "stream", count: 1 };
    for (let chunks = 1; chunks <= 5; chunks += 1) {
      await run.until(() => run.chunks.length >= chunks);
      run.tell({ type: "stored", ...step, chunks });
    }
    const size = { chunks: 5, bytes: 4 * 262_144 + 1 };
    await run.until(() => run.types.includes("step_completed"));
    expect(run.events.at(-1)).toMatchObject({
      output: { stream: size, preview: `[ReadableStream (binary): ${size.bytes} bytes]` },
    });
    expect(run.chunks.map(({ index, bytes }) => [index, bytes.byteLength])).toEqual([
      ...[0, 1, 2, 3].map((index) => [index, 262_144]),
      [4, 1],
    ]);
    await run.until(() => run.reads.length === size.chunks);
    for (const { index, bytes } of run.chunks) run.tell({ type: "chunk", ...step, index, bytes });
    expect(outputIn(await run.last())).toEqual(run.chunks.map((_, i) => (i < 4 ? 262_144 : 1)));
  });

  test("an error of the run is its last event", async () => {
    const { driver } = await open();
    const last = await driver.start("Missing").last();
    expect(last).toMatchObject({ type: "workflow_errored", error: { message: expect.stringContaining('"Missing"') as unknown } });
  });
}

/** `env`, and calls through workflow bindings. */
export function bindingCases(open: OpenHost): void {
  test("env holds the values of the bindings, and can be imported", async () => {
    expect(await outputOf(open, "Reader")).toMatchObject({
      GREETING: "hello",
      KEY: "open sesame",
      SETTINGS: { depth: [1, 2] },
      imported: "hello",
    });
  });

  test("arguments and results cross whole", async () => {
    const calls: BindingCall[] = [];
    const output = await outputOf(
      open,
      "Caller",
      {},
      {
        bindings: async (call) => {
          calls.push(call);
          return encode("made");
        },
      },
    );
    expect(output).toBe("made");
    expect(calls).toMatchObject([{ to: "workflow", name: "flow", method: "create" }]);
    expect(decode(calls[0]?.args ?? "")).toMatchObject([{ id: "child-1", params: { when: new Date(5), seen: new Set([1]) } }]);
  });

  test("messages are sent to a queue as what they are", async () => {
    const calls: unknown[] = [];
    const { host } = await open({
      code: `export default { async fetch(request, env) {
        const bytes = new Uint8Array([1, 255]);
        const { metadata } = await env.QUEUE.send({ a: 1 }, { delaySeconds: 5 });
        await env.QUEUE.sendBatch([{ body: "b", contentType: "text" }, { body: bytes, contentType: "bytes" },
          { body: new Map([[1, 2]]), contentType: "v8", delaySeconds: 6 }], { delaySeconds: 7 });
        const refused = await env.QUEUE.send(1, { contentType: "text" }).catch(String);
        return Response.json([metadata, refused, await env.QUEUE.metrics()]);
      } };`,
      bindings: async ({ to, name, method, args }) => {
        calls.push([to, name, method, decode(args)]);
        return encode({ backlogCount: calls.length });
      },
    });
    const answer = await host.fetch(new Request("http://contract.test/"));
    expect(await answer.json()).toEqual([
      { metrics: { backlogCount: 1 } },
      'TypeError: The body of a "text" message must be a string',
      { backlogCount: 3 },
    ]);
    expect(calls).toEqual([
      ["queue", "letters", "send", [[{ contentType: "json", body: '{"a":1}', delaySeconds: 5 }], undefined]],
      [
        "queue",
        "letters",
        "send",
        [
          [
            { contentType: "text", body: "b" },
            { contentType: "bytes", body: "Af8=" },
            { contentType: "v8", body: encode(new Map([[1, 2]])), delaySeconds: 6 },
          ],
          7,
        ],
      ],
      ["queue", "letters", "metrics", []],
    ]);
  });

  test("a subscription is read event by event, and a stream in it chunk by chunk", async () => {
    const calls: [string, unknown][] = [];
    const closed = Promise.withResolvers<void>();
    const events = [{ event: { output: new Map([[1, 2]]) } }, { event: { type: "step_completed" }, stream: 8 }];
    const chunks = [Uint8Array.of(1, 2), Uint8Array.of(3)];
    const answer = (method: string, [id]: unknown[]): unknown => {
      if (method === "get") return "other";
      if (method === "subscribe") return 7;
      if (method === "close") return closed.resolve();
      const value = (id === 7 ? events : chunks).shift();
      return value === undefined ? { done: true } : { done: false, value };
    };
    const output = await outputOf(
      open,
      "Follower",
      {},
      {
        bindings: async ({ method, args }) => {
          calls.push([method, decode(args)]);
          return encode(answer(method, decode(args) as unknown[]));
        },
      },
    );
    await closed.promise;
    expect(output).toEqual({ first: { done: false, value: { output: new Map([[1, 2]]) } }, bytes: [1, 2, 3] });
    expect(calls).toEqual([
      ["get", ["other"]],
      ["subscribe", ["other", { cursor: 3 }]],
      ["next", [7]],
      ["next", [7]],
      ["next", [8]],
      ["next", [8]],
      ["next", [8]],
      ["close", [7]],
    ]);
  });

  test("a refusal arrives as an error with its text", async () => {
    const { driver } = await open({ bindings: () => Promise.reject(new Failure("instance.already_exists")) });
    const run = driver.start("Caller");
    await run.last();
    expect(run.events.find(({ type }) => type === "attempt_errored")).toMatchObject({
      error: { message: "(instance.already_exists) Instance already exists" },
    });
  });

  test("an error that is no refusal keeps its text to itself", async () => {
    const { driver } = await open({ bindings: () => Promise.reject(new Error("the password is xyzzy")) });
    const run = driver.start("Caller");
    await run.last();
    expect(run.events.find(({ type }) => type === "attempt_errored")).toMatchObject({
      error: { message: "(internal_server) Internal error" },
    });
  });
}

/** Pausing, stopping and closing. */
export function endCases(open: OpenHost): void {
  /** A run that waits in a step until `release` is called. */
  async function gated(): Promise<{ host: Host; driver: Driver; release: () => void; waiting: Promise<void> }> {
    const gate = Promise.withResolvers<string>();
    const reached = Promise.withResolvers<void>();
    const opened = await open({
      bindings: () => {
        reached.resolve();
        return gate.promise;
      },
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

  test("no step begins in a run that was stopped, though its code goes on", async () => {
    const gate = Promise.withResolvers<string>();
    const reached = Promise.withResolvers<void>();
    const asked: unknown[] = [];
    const { driver } = await open({
      bindings: async ({ args }) => {
        const [id] = decode(args) as unknown[];
        asked.push(id);
        reached.resolve();
        return id === "gate" ? gate.promise : encode(id);
      },
    });
    const run = driver.start("Lingering");
    await reached.promise;
    run.tell({ type: "stop" });
    gate.resolve(encode("gate"));
    await driver.roundTrip();
    await driver.roundTrip();
    expect([asked, run.types]).toEqual([["gate"], STEP]);
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
