/** `instance.subscribe()` as user code has it, and what the engine keeps for it. */
import { setFlagsFromString } from "node:v8";
import { setImmediate as nextTurn } from "node:timers/promises";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bindingHandler } from "../../src/api/binding/workflow.ts";
import type { BindingCall } from "../../src/protocol/calls.ts";
import { PUBLIC_EVENT_TYPES } from "../../src/model/instance/event-kinds.ts";
import { decode, encode } from "../../src/model/values/value.ts";
import { workflowBinding, type WorkflowInstance } from "../../src/bindings/workflow/client.ts";
import type { WorkflowInstanceEvent, WorkflowInstanceSubscription } from "../../src/runtime/bindings/event-types.ts";
import type { WorkflowStep } from "../../src/runtime/cloudflare/workers.ts";
import { openApi, type ApiBench } from "../support/api.ts";
import { Quick, Secretive, Sleeper, Streaming } from "../support/workflows.ts";

/** Goes on once for each event, and ends after five. */
class Talker {
  async run(_: unknown, step: WorkflowStep): Promise<unknown> {
    for (let i = 1; i <= 5; i += 1) {
      await step.waitForEvent(`wait ${i}`, { type: "go" });
      await step.do("talk", () => new Map([[i, new Date(i)]]));
    }
    return new Set([5]);
  }
}

let api: ApiBench;

beforeEach(async () => {
  api = await openApi({ Quick, Sleeper, Secretive, Streaming, Talker });
});
afterEach(() => api.close());

const create = async (workflow: string, id: string, params: unknown = {}): Promise<WorkflowInstance> =>
  api.binding(workflow).create({ id, params });

const ended = async (workflow: string, params?: unknown): Promise<WorkflowInstance> => {
  const instance = await create(workflow, "a", params);
  await api.reaches({ workflow, id: "a" }, "complete");
  return instance;
};

async function rest(subscription: WorkflowInstanceSubscription): Promise<WorkflowInstanceEvent[]> {
  const events: WorkflowInstanceEvent[] = [];
  for (;;) {
    const { done, value } = await subscription.next();
    if (done === true) return events;
    events.push(value);
  }
}

const types = (events: readonly WorkflowInstanceEvent[]): string[] => events.map(({ type }) => type);

describe("events", () => {
  test("are structured values, from the first to the last", async () => {
    const instance = await ended("Quick", { when: new Date(5) });
    const events = await rest(await instance.subscribe());
    expect(types(events)).toEqual([
      "workflow_queued",
      "workflow_started",
      "workflow_running",
      "step_started",
      "attempt_started",
      "attempt_completed",
      "step_completed",
      "workflow_completed",
    ]);
    expect(events[1]).toEqual({
      instanceId: "a",
      eventId: 2,
      timestamp: api.clock.now(),
      type: "workflow_started",
      params: { when: new Date(5) },
    });
    expect(events.at(-1)).toMatchObject({ output: { when: new Date(5) } });
  });

  test("keep secrets, and leave out what is undefined", async () => {
    const instance = await ended("Secretive");
    const events = await rest(await instance.subscribe({ filter: ["step_completed"] }));
    expect(events).toMatchObject([{ output: "[REDACTED]" }]);
    const silent = await ended("Streaming");
    const [end] = await rest(await silent.subscribe({ filter: ["workflow_completed"] }));
    expect(end).not.toHaveProperty("output");
  });

  test("have fresh streams of what steps have streamed, which outlive the subscription", async () => {
    const instance = await ended("Streaming");
    const subscription = await instance.subscribe({ filter: ["step_completed"] });
    const events = await rest(subscription);
    subscription[Symbol.dispose]();
    const [page, secret] = events.map((event) => (event.type === "step_completed" ? event.output : undefined));
    expect(secret).toBe("[REDACTED]");
    expect(await new Response(page as ReadableStream).text()).toBe("x".repeat(5_000));
  });

  test("of an instance that has not ended come when they happen, and calls are answered in order", async () => {
    const instance = await create("Sleeper", "a");
    await api.reaches({ workflow: "Sleeper", id: "a" }, "waiting");
    const subscription = await instance.subscribe({ cursor: 4 });
    const [waiting, running, slept, completed, done] = Array.from({ length: 5 }, () => subscription.next());
    expect((await waiting)?.value).toMatchObject({ eventId: 5, type: "workflow_waiting" });
    api.clock.advance(60 * 60_000);
    expect((await running)?.value).toMatchObject({ eventId: 6, type: "workflow_running" });
    expect((await slept)?.value).toMatchObject({ eventId: 7, type: "sleep_completed" });
    expect((await completed)?.value).toMatchObject({ eventId: 8, type: "workflow_completed" });
    expect(await done).toEqual({ done: true, value: undefined });
    expect(await subscription.next()).toEqual({ done: true, value: undefined });
  });

  test("end with the instance, also when the filter hides it or the end comes from outside", async () => {
    const instance = await create("Sleeper", "a");
    await api.reaches({ workflow: "Sleeper", id: "a" }, "waiting");
    const hidden = await instance.subscribe({ filter: ["step_started"] });
    const next = hidden.next();
    const shown = await instance.subscribe({ filter: ["workflow_terminated"] });
    await instance.terminate();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(types(await rest(shown))).toEqual(["workflow_terminated"]);
  });
});

describe("options", () => {
  test.each([
    [null],
    [[]],
    ["text"],
    [{ cursor: -1 }],
    [{ cursor: 1.5 }],
    [{ cursor: 2 ** 53 }],
    [{ cursor: "1" }],
    [{ filter: "step_started" }],
    [{ filter: ["event_received"] }],
    [{ filter: [1] }],
    [{ since: 1 }],
    [{ cursor: 1, since: undefined }],
  ])("%j are refused here and there", async (options) => {
    const instance = await create("Quick", "a");
    const error = new Error("Invalid Workflow subscription options");
    await expect(instance.subscribe(options as never)).rejects.toEqual(error);
    const call: BindingCall = { to: "workflow", name: "Quick", method: "subscribe", args: encode(["a", options]) };
    await expect(bindingHandler(api.engine, new AbortController().signal)(call)).rejects.toMatchObject({ failure: "body" });
  });

  test.each([[undefined], [{}], [{ cursor: undefined }], [{ cursor: 2 ** 53 - 1 }], [{ filter: [] }]])(
    "%j are taken",
    async (options) => {
      const instance = await create("Quick", "a");
      await expect(instance.subscribe(options as never)).resolves.toHaveProperty("next");
    },
  );

  test("a subscription to a missing instance rejects at once", async () => {
    const instance = await create("Quick", "a");
    await instance.delete();
    await expect(instance.subscribe()).rejects.toThrow("(instance.not_found) Instance not found");
  });
});

describe("what is read", () => {
  /** A binding whose engine tells of the subscriptions that are open. */
  function watched(): { instance: (id: string) => Promise<WorkflowInstance>; open: () => number; host: AbortController } {
    const signals: AbortSignal[] = [];
    const host = new AbortController();
    const follow: typeof api.engine.follow = (address, signal) => {
      signals.push(signal);
      return api.engine.follow(address, signal);
    };
    const answer = bindingHandler({ ...api.engine, follow }, host.signal);
    const binding = workflowBinding(async (method, args) =>
      decode(await answer({ to: "workflow", name: "Sleeper", method, args: encode(args) })),
    );
    return { instance: (id) => binding.get(id), open: () => signals.filter(({ aborted }) => !aborted).length, host };
  }

  test("ends when it is disposed of, also while it waits", async () => {
    await create("Sleeper", "a");
    const { instance, open } = watched();
    {
      using subscription = await (await instance("a")).subscribe();
      await subscription.next();
      expect(open()).toBe(1);
    }
    expect(open()).toBe(0);
    const subscription = await (await instance("a")).subscribe({ cursor: 1_000 });
    const next = subscription.next();
    await nextTurn();
    subscription[Symbol.dispose]();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(await subscription.next()).toEqual({ done: true, value: undefined });
    expect(open()).toBe(0);
  });

  test("ends with its host", async () => {
    await create("Sleeper", "a");
    const { instance, open, host } = watched();
    const [idle, busy] = [await (await instance("a")).subscribe(), await (await instance("a")).subscribe({ cursor: 1_000 })];
    await idle.next();
    const next = busy.next();
    await nextTurn();
    expect(open()).toBe(2);
    host.abort();
    expect(open()).toBe(0);
    expect(await next).toEqual({ done: true, value: undefined });
  });

  test("ends when it is forgotten", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    await create("Sleeper", "a");
    const { instance, open } = watched();
    await (async () => (await (await instance("a")).subscribe()).next())();
    expect(open()).toBe(1);
    for (let turn = 0; turn < 200 && open() > 0; turn += 1) {
      collect();
      await nextTurn();
    }
    expect(open()).toBe(0);
  });

  test("is closed with a stream that is cancelled", async () => {
    await ended("Streaming");
    const closed: unknown[] = [];
    const answer = bindingHandler(api.engine, AbortSignal.any([]));
    const binding = workflowBinding(async (method, args) => {
      if (method === "close") closed.push(...args);
      return decode(await answer({ to: "workflow", name: "Streaming", method, args: encode(args) }));
    });
    const subscription = await (await binding.get("a")).subscribe({ filter: ["step_completed"] });
    const { value } = await subscription.next();
    await (value as { output: ReadableStream }).output.cancel();
    expect(closed).toEqual([2]);
  });

  test("fails when the engine is shut down", async () => {
    await create("Sleeper", "a");
    const subscription = await (await api.binding("Sleeper").get("a")).subscribe({ cursor: 1_000 });
    const next = subscription.next();
    await nextTurn();
    await Promise.all([api.close(), expect(next).rejects.toThrow("(shutting_down)")]);
    expect(await subscription.next()).toEqual({ done: true, value: undefined });
  });
});

describe("whatever is asked for", () => {
  test("is a slice of the whole, and each event comes once across the border between what was and what comes", async () => {
    const cutAndFilter = fc.record({
      /** How many of the five events have been sent when the subscription begins, and how far it is read then. */
      before: fc.nat(5),
      read: fc.nat(12),
      cursor: fc.nat(40),
      filter: fc.option(fc.subarray([...PUBLIC_EVENT_TYPES]), { nil: undefined }),
    });
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(cutAndFilter, async ({ before, read, cursor, filter }) => {
        const id = `talker-${(runs += 1)}`;
        const instance = await create("Talker", id);
        const go = async (times: number): Promise<void> => {
          for (let i = 0; i < times; i += 1) await instance.sendEvent({ type: "go" });
        };
        await go(before);
        await api.quiet();
        const options = { cursor, ...(filter && { filter }) } as Parameters<WorkflowInstance["subscribe"]>[0];
        const subscription = await instance.subscribe(options);
        const early = Array.from({ length: read }, () => subscription.next());
        await go(5 - before);
        const first = (await Promise.all(early)).flatMap(({ value }) => value ?? []);
        const found = [...first, ...(await rest(subscription))];
        const whole = await rest(await instance.subscribe());
        expect(found).toEqual(whole.filter((each) => each.eventId > cursor && (filter?.includes(each.type) ?? true)));
        const last = found[Math.floor(found.length / 2)]?.eventId ?? cursor;
        const resumed = await rest(await instance.subscribe({ ...options, cursor: last }));
        expect(resumed).toEqual(found.filter(({ eventId }) => eventId > last));
      }),
      { numRuns: 40 },
    );
  });
});
