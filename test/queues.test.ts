/** Queues with a clock of their own and a real store. What consumers do is said here, batch by batch. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Failure, type FailureName } from "../src/model/failures/failure.ts";
import { type DeliveredMessage, NO_VERDICT, type Queue, type Verdict } from "../src/model/platform/queue.ts";
import { silentLog } from "../src/noop/log.ts";
import type { QueueStore } from "../src/ports/queue-store.ts";
import { StoreError } from "../src/model/failures/store-error.ts";
import type { ScriptCalls } from "../src/ports/script-calls.ts";
import type { EventEnd } from "../src/protocol/handlers.ts";
import { SqliteQueues } from "../src/stores/sqlite/queues/queues.ts";
import { fakeClock, type FakeClock } from "../src/testing/fake-clock.ts";
import { Queues, type WantedConsumer } from "../src/queues/queues.ts";
import { systemIds } from "../src/system/ids.ts";

/** A batch that a consumer has been given. */
interface Given {
  readonly script: string;
  readonly queue: string;
  readonly messages: readonly DeliveredMessage[];
  readonly end: (verdict?: Partial<Verdict>, thrown?: string) => void;
  readonly fail: (failure: FailureName) => void;
}

let store: QueueStore;
let clock: FakeClock;
let queues: Queues;
let given: Given[];
/** Names of scripts that are deployed; undefined while that cannot be read. */
let scripts: string[] | undefined;
let wake: (() => void) | undefined;

beforeEach(async () => {
  store = new SqliteQueues(":memory:");
  clock = fakeClock();
  given = [];
  scripts = ["reader", "other", "undertaker"];
  queues = await boot();
});
afterEach(async () => {
  // A server that stops ends its hosts first.
  for (const batch of given) batch.fail("shutting_down");
  await queues.close();
  await store.close();
});

const openQueues = (): Promise<Queues> => Queues.open({ store, catalog, clock, log: silentLog, ids: systemIds, calls: { call } });

const catalog = { scriptNames: async () => scripts ?? Promise.reject(new Error("disk")) };

/** A server starts on what is there. */
async function boot(): Promise<Queues> {
  const opened = await openQueues();
  opened.start();
  return opened;
}

/** A consumer that has been given a batch, and ends when the test says so. */
const call: ScriptCalls["call"] = (script, event) => {
  if (event.type !== "queue") throw new Error("There are no others here");
  const { promise, resolve, reject } = Promise.withResolvers<EventEnd>();
  given.push({
    script,
    queue: event.queue,
    messages: event.messages,
    end: (verdict = {}, thrown) => resolve({ thrown: thrown ?? null, verdict: { ...NO_VERDICT, ...verdict } }),
    fail: (failure) => reject(new Failure(failure)),
  });
  wake?.();
  return promise;
};

/** Resolves when there has been an n-th batch, with that. */
async function batch(n: number): Promise<Given> {
  while (given.length < n) await new Promise<void>((resolve) => (wake = resolve));
  await quiet();
  return given[n - 1] as Given;
}

/** Several turns: what is ready has happened. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A queue with a consumer. */
async function consumed(settings: WantedConsumer["settings"] = {}, deadLetterQueue?: string): Promise<Queue> {
  const { id } = await queues.create("letters");
  await queues.putConsumer(id, {
    type: "worker",
    script: "reader",
    settings: { maxWaitMs: 1_000, ...settings },
    deadLetterQueue,
  });
  return queues.get(id);
}

const send = (...bodies: readonly string[]): Promise<void> =>
  queues.send(
    "letters",
    bodies.map((body) => ({ contentType: "text", body })),
  );

const bodies = ({ messages }: Given): string[] => messages.map(({ body }) => body);

test("messages of a queue that was not started stay where they are", async () => {
  await consumed({ batchSize: 2 });
  await send("a");
  await queues.close();
  queues = await openQueues();
  clock.advance(60_000);
  await quiet();
  expect(given).toEqual([]);
  queues.start();
  expect(bodies(await batch(1))).toEqual(["a"]);
});

describe("a batch", () => {
  test("leaves when it is full, and else when its first message has waited for long enough", async () => {
    await consumed({ batchSize: 2 });
    await send("a", "b", "c");
    const full = await batch(1);
    expect([full.script, full.queue, bodies(full)]).toEqual(["reader", "letters", ["a", "b"]]);
    expect(full.messages[0]).toMatchObject({ timestamp: clock.now(), attempts: 1, contentType: "text" });
    expect(full.messages[0]?.id).toMatch(/^[\da-f]{32}$/);
    clock.advance(999);
    await quiet();
    expect(given).toHaveLength(1);
    clock.advance(1);
    expect(bodies(await batch(2))).toEqual(["c"]);
  });

  test("does not have what is held back, and has it when it is time", async () => {
    await consumed({ maxWaitMs: 0 });
    await queues.send(
      "letters",
      [
        { contentType: "text", body: "later", delaySeconds: 60 },
        { contentType: "text", body: "soon" },
      ],
      5,
    );
    clock.advance(4_999);
    await quiet();
    expect(given).toEqual([]);
    clock.advance(1);
    const soon = await batch(1);
    expect(bodies(soon)).toEqual(["soon"]);
    soon.end();
    await quiet();
    clock.advance(55_000);
    expect(bodies(await batch(2))).toEqual(["later"]);
  });

  test("waits for a place when there are as many under way as there may be", async () => {
    await consumed({ batchSize: 1, maxConcurrency: 2 });
    await send("a", "b", "c");
    await batch(2);
    await quiet();
    expect(given).toHaveLength(2);
    given[1]?.end();
    expect(bodies(await batch(3))).toEqual(["c"]);
    expect(await queues.backlog(queues.named("letters").id)).toMatchObject({ count: 2 });
  });
});

describe("a message", () => {
  test("a failed message is retried after the delay, and then goes to the dead letter queue", async () => {
    await consumed({ maxWaitMs: 0, maxRetries: 1, retryDelaySeconds: 30 }, "dead");
    const dead = queues.named("dead");
    await queues.putConsumer(dead.id, { type: "worker", script: "undertaker", settings: { maxWaitMs: 0 } });
    await send("a");
    (await batch(1)).end({}, "Error: no");
    await quiet();
    clock.advance(29_999);
    await quiet();
    expect(given).toHaveLength(1);
    clock.advance(1);
    const again = await batch(2);
    expect(again.messages).toMatchObject([{ body: "a", attempts: 2, id: given[0]?.messages[0]?.id }]);
    again.end({}, "Error: no");
    expect(await batch(3)).toMatchObject({ script: "undertaker", queue: "dead", messages: [{ body: "a", attempts: 1 }] });
  });

  test("is given up when there is no dead letter queue", async () => {
    const { id } = await consumed({ maxWaitMs: 0, maxRetries: 0 });
    await send("a");
    (await batch(1)).end({}, "Error: no");
    await quiet();
    expect(await queues.backlog(id)).toMatchObject({ count: 0 });
  });

  test("is what the consumer says of it", async () => {
    const { id } = await consumed({ maxWaitMs: 0 });
    await send("a", "b", "c");
    const { messages, end } = await batch(1);
    const [a, b] = messages.map((message) => message.id);
    end({ acks: [a ?? ""], retries: [{ id: b ?? "", delaySeconds: 10 }] }, "Error: no");
    expect(bodies(await batch(2))).toEqual(["c"]);
    clock.advance(10_000);
    expect(bodies(await batch(3))).toEqual(["b"]);
    expect(await queues.backlog(id)).toMatchObject({ count: 2 });
  });

  test("counts as delivered when its host has died, for it may be to blame", async () => {
    await consumed({ maxWaitMs: 0 });
    await send("a");
    (await batch(1)).fail("script.unavailable");
    expect((await batch(2)).messages).toMatchObject([{ attempts: 2 }]);
  });

  test.each(["script.not_found", "script.no_handler", "script.invalid"] as const)(
    "a message waits while no consumer can take it (%s), and that does not count as an attempt",
    async (failure) => {
      await consumed({ maxWaitMs: 0 });
      await send("a");
      (await batch(1)).fail(failure);
      await quiet();
      expect(given).toHaveLength(1);
      clock.advance(5_000);
      expect((await batch(2)).messages).toMatchObject([{ attempts: 1 }]);
    },
  );

  test("a message in flight when the server died is delivered again", async () => {
    const { id } = await consumed({ maxWaitMs: 0 });
    await send("a");
    const lost = await batch(1);
    queues = await boot();
    expect((await batch(2)).messages).toEqual(lost.messages);
    given[1]?.end();
    await quiet();
    expect(await queues.backlog(id)).toMatchObject({ count: 0 });
  });

  test("a message in flight when the server stopped is delivered again", async () => {
    await consumed({ maxWaitMs: 0 });
    await send("a");
    const cut = await batch(1);
    const closing = queues.close();
    cut.fail("shutting_down");
    await closing;
    queues = await boot();
    expect((await batch(2)).messages).toEqual(cut.messages);
  });

  test("a message older than the retention is removed", async () => {
    const { id } = await queues.create("letters", { retentionSeconds: 60 });
    await send("a");
    clock.advance(60_000);
    await queues.putConsumer(id, { type: "worker", script: "reader", settings: { maxWaitMs: 0 } });
    await quiet();
    expect(given).toEqual([]);
    clock.advance(60 * 60_000);
    await quiet();
    expect(await queues.backlog(id)).toMatchObject({ count: 0 });
  });
});

describe("a queue", () => {
  test("delivers nothing while it is paused", async () => {
    const { id } = await consumed({ maxWaitMs: 0 });
    await queues.change(id, { settings: { deliveryPaused: true } });
    await send("a");
    await quiet();
    expect(given).toEqual([]);
    await queues.change(id, { settings: { deliveryPaused: false } });
    expect(bodies(await batch(1))).toEqual(["a"]);
  });

  test("keeps its messages while it has no consumer", async () => {
    const { id, consumer } = await consumed({ maxWaitMs: 0 });
    await queues.removeConsumer(id, consumer?.id ?? "");
    await send("a");
    await quiet();
    expect(given).toEqual([]);
    await queues.putConsumer(id, { type: "worker", script: "other", settings: { maxWaitMs: 0 } });
    expect(await batch(1)).toMatchObject({ script: "other" });
  });

  test("has one consumer, which may be changed", async () => {
    const { id, consumer } = await consumed();
    const wanted: WantedConsumer = { type: "worker", script: "reader", settings: { batchSize: 3 } };
    await expect(queues.putConsumer(id, wanted)).rejects.toMatchObject({ failure: "queue.consumer_exists" });
    await expect(queues.putConsumer(id, wanted, "x")).rejects.toMatchObject({ failure: "queue.consumer_not_found" });
    await queues.putConsumer(id, wanted, consumer?.id);
    expect(queues.get(id).consumer).toMatchObject({ id: consumer?.id, settings: { batchSize: 3, maxWaitMs: 5_000 } });
  });

  describe("goes with its script", () => {
    test("when the script is deleted while the consumer is stored", async () => {
      const { id } = await queues.create("letters");
      const putting = queues.putConsumer(id, { type: "worker", script: "reader", settings: {} });
      scripts = ["other"];
      await queues.removeOrphans();
      await putting.catch(() => undefined);
      expect((await store.queues()).map(({ consumer }) => consumer)).toEqual([undefined]);
      await expect(queues.putConsumer(id, { type: "worker", script: "reader", settings: {} })).rejects.toMatchObject({
        failure: "script.not_found",
      });
    });

    test("when the process ended in between, at the next start", async () => {
      const { id } = await consumed();
      await queues.close();
      scripts = ["other"];
      queues = await boot();
      await quiet();
      expect(queues.get(id).consumer).toBeUndefined();
    });

    test("when it cannot be removed at once, as soon as it can", async () => {
      const { id } = await consumed();
      scripts = undefined;
      await queues.removeOrphans();
      await quiet();
      expect(queues.get(id).consumer).toBeDefined();
      scripts = ["other"];
      clock.advance(60_000);
      await quiet();
      expect(queues.get(id).consumer).toBeUndefined();
    });

    test("and the consumers of other scripts stay", async () => {
      const { id } = await consumed();
      scripts = ["reader"];
      await queues.removeOrphans();
      expect(queues.get(id).consumer).toMatchObject({ type: "worker", script: "reader" });
    });
  });

  test("a queue that two deployments make at once is made once", async () => {
    const [one, two] = await Promise.all([queues.ensure("letters"), queues.ensure("letters")]);
    expect(one).toEqual(two);
  });

  test("a deleted queue accepts and delivers nothing", async () => {
    const { id } = await consumed();
    await send("a");
    await queues.remove(id);
    clock.advance(1_000);
    await quiet();
    expect(given).toEqual([]);
    await expect(send("b")).rejects.toMatchObject({ failure: "queue.not_found" });
  });

  test("is not its own dead letter queue, and has a name of its own", async () => {
    const { id, consumer } = await consumed();
    const own: WantedConsumer = { type: "http_pull", settings: {}, deadLetterQueue: "letters" };
    await expect(queues.putConsumer(id, own, consumer?.id)).rejects.toMatchObject({ failure: "body" });
    await expect(queues.create("letters")).rejects.toMatchObject({ failure: "queue.already_exists" });
    await expect(queues.create("a_b")).rejects.toMatchObject({ failure: "queue.invalid_name" });
  });

  test("takes a batch whole, or not at all", async () => {
    const { id } = await queues.create("letters");
    await expect(send("a", "x".repeat(128_001))).rejects.toMatchObject({ failure: "body" });
    expect(await queues.backlog(id)).toMatchObject({ count: 0 });
  });
});

describe("messages that are pulled", () => {
  const pulled = async (settings: WantedConsumer["settings"], deadLetterQueue?: string): Promise<string> => {
    const { id } = await queues.create("letters");
    await queues.putConsumer(id, { type: "http_pull", settings, deadLetterQueue });
    return id;
  };

  test("are hidden for a while, and gone when they are acknowledged", async () => {
    const id = await pulled({ visibilityTimeoutMs: 1_000 });
    await send("a", "b");
    const [both, none] = await Promise.all([queues.pull(id), queues.pull(id)]);
    expect([both.map(({ body }) => body), none]).toEqual([["a", "b"], []]);
    const [a = "", b = ""] = both.map(({ leaseId }) => leaseId);
    expect(await queues.settle(id, { acks: [a], retries: [] })).toEqual({ acked: 1, retried: 0, stale: [] });
    clock.advance(1_000);
    const again = await queues.pull(id);
    expect(again).toMatchObject([{ body: "b", attempts: 2 }]);
    const late = await queues.settle(id, { acks: [a, b, "nonsense"], retries: [{ leaseId: b }] });
    expect(late).toEqual({ acked: 0, retried: 0, stale: [a, b, "nonsense", b] });
    expect(await queues.backlog(id)).toMatchObject({ count: 1 });
  });

  test("come again when they are to, and are given up in the end", async () => {
    const id = await pulled({ maxRetries: 1, retryDelaySeconds: 5 }, "dead");
    await send("a", "b");
    const retry = async (): Promise<void> => {
      const retries = (await queues.pull(id)).map(({ leaseId }) => ({ leaseId }));
      expect(await queues.settle(id, { acks: [], retries })).toMatchObject({ retried: 2 });
    };
    await retry();
    expect(await queues.pull(id)).toEqual([]);
    clock.advance(5_000);
    await retry();
    expect(await queues.backlog(queues.named("dead").id)).toMatchObject({ count: 2 });
  });

  test("pulled messages are dropped after too many deliveries without an acknowledgement", async () => {
    const id = await pulled({ maxRetries: 1, visibilityTimeoutMs: 1_000 });
    await send("a");
    for (const attempts of [1, 2]) {
      expect(await queues.pull(id)).toMatchObject([{ attempts }]);
      clock.advance(1_000);
    }
    expect(await queues.pull(id)).toEqual([]);
    expect(await queues.backlog(id)).toMatchObject({ count: 0 });
  });

  test("are not those of a queue with another consumer", async () => {
    const { id } = await consumed();
    await expect(queues.pull(id)).rejects.toMatchObject({ failure: "queue.no_pull" });
    await expect(queues.settle(id, { acks: [], retries: [] })).rejects.toMatchObject({ failure: "queue.no_pull" });
  });
});

describe("a store that fails", () => {
  /** While it is true, what is asked of the store fails. */
  let failing: (verb: keyof QueueStore) => boolean = () => false;

  beforeEach(async () => {
    await queues.close();
    const inner = store;
    store = new Proxy(inner, {
      get: (of, verb: keyof QueueStore) =>
        failing(verb) ? () => Promise.reject(new StoreError("full", "The disk is full")) : of[verb].bind(of),
    });
    queues = await boot();
  });
  afterEach(() => {
    failing = () => false;
  });

  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) {
      clock.advance(1_000);
      await quiet();
    }
  };

  test("when a batch has been dealt with delivers nothing twice, and goes on when it works again", async () => {
    await consumed({ batchSize: 1, maxConcurrency: 1 });
    await queues.send("letters", [
      { contentType: "text", body: "one" },
      { contentType: "text", body: "two" },
    ]);
    const first = await batch(1);
    failing = (verb) => verb === "settle";
    first.end();
    await pass(60);
    expect(given).toHaveLength(1);
    failing = () => false;
    await pass(6);
    const second = await batch(2);
    expect(second.messages).toMatchObject([{ body: "two" }]);
    second.end();
    await quiet();
    expect(given).toHaveLength(2);
  });

  test("when messages are looked for is looked into again", async () => {
    failing = (verb) => verb === "next";
    await consumed({ batchSize: 1 });
    await queues.send("letters", [{ contentType: "text", body: "one" }]);
    await pass(10);
    expect(given).toHaveLength(0);
    failing = () => false;
    await pass(31);
    (await batch(1)).end();
    await quiet();
  });

  test("when old messages are deleted is asked again, and keeps no server from starting", async () => {
    await queues.close();
    let expired = 0;
    failing = (verb) => verb === "expire" && (expired += 1) <= 3;
    queues = await boot();
    await pass(30);
    expect(expired).toBe(4);
  });
});
