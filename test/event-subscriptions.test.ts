/** Event subscriptions: instance events are queued in order, even if the process dies in between. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Engine } from "../src/engine/contract.ts";
import { inProcessExecutor } from "../src/executors/in-process/executor.ts";
import { silentLog } from "../src/noop/log.ts";
import type { QueueStore } from "../src/ports/queue-store.ts";
import type { Store } from "../src/ports/store.ts";
import { SqliteQueues } from "../src/stores/sqlite/queues/queues.ts";
import { openSqlite, type OpenedSqlite } from "../src/stores/sqlite/open.ts";
import { deployClasses, startEngine } from "../src/testing/engine-bench.ts";
import { fakeClock, type FakeClock } from "../src/testing/fake-clock.ts";
import { Queues } from "../src/queues/queues.ts";
import { Subscriptions } from "../src/queues/subscriptions.ts";
import type { NoticeEvent } from "../src/model/views/notices.ts";
import { Quick, Sleeper } from "./support/workflows.ts";
import { systemIds } from "../src/system/ids.ts";

class Failing {
  async run(): Promise<never> {
    throw new Error("It fails");
  }
}

const CLASSES = { Quick, Sleeper, Failing };
const EVERY: readonly NoticeEvent[] = [
  "instance.queued",
  "instance.started",
  "instance.paused",
  "instance.errored",
  "instance.terminated",
  "instance.completed",
];

interface Message {
  readonly type: string;
  readonly source: object;
  readonly payload: { readonly instanceId: string; readonly versionId: string };
  readonly metadata: { readonly eventSubscriptionId: string };
}

let clock: FakeClock;
let folder: string;
let opened: OpenedSqlite;
let queueStore: QueueStore;
let engine: Engine;
let queues: Queues;
let subscriptions: Subscriptions;

/** A server starts on what is there; `over` is what it makes of the store. */
async function boot(over: (store: Store) => Store = (store) => store): Promise<void> {
  const store = over(opened.store);
  const world = { store, catalog: opened.catalog, clock, ids: systemIds, log: silentLog };
  subscriptions = await Subscriptions.open({ ...world, accountId: "local" });
  const executor = inProcessExecutor({ classes: CLASSES, now: () => clock.now(), onLog: () => {} });
  engine = await startEngine({ ...world, executor, notices: subscriptions });
  queues = await Queues.open({ ...world, store: queueStore, calls: { call: () => Promise.reject(new Error("No consumers")) } });
  queues.start();
}

async function halt(): Promise<void> {
  await engine.close();
  await subscriptions.close();
  await queues.close();
}

beforeEach(async () => {
  clock = fakeClock();
  folder = await mkdtemp(join(tmpdir(), "stepwell-subscriptions-"));
  opened = await openSqlite(join(folder, "stepwell.db"));
  queueStore = new SqliteQueues(":memory:");
  await deployClasses(opened.catalog, Object.keys(CLASSES));
  await boot();
});
afterEach(async () => {
  await halt();
  await queueStore.close();
  await opened.store.close();
  await rm(folder, { recursive: true });
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; !(await holds()); turn += 1) {
    if (turn > 20_000) throw new Error("It never happened");
    await new Promise((resolve) => setImmediate(resolve));
  }
}
const reaches = (workflow: keyof typeof CLASSES, id: string, status: string): Promise<void> =>
  until(async () => (await engine.summary({ workflow, id })).status === status);
const delivered = (): Promise<void> => until(async () => (await opened.store.notices(1)).length === 0);

async function messages(name: string): Promise<Message[]> {
  const { id } = queues.named(name);
  const next = await queueStore.next(id, clock.now(), 1_000, []);
  const stored = await queueStore.read(next.map(({ pk }) => pk));
  return stored.map(({ body }) => JSON.parse(body) as Message);
}
const kinds = async (name: string, instance: string): Promise<string[]> =>
  (await messages(name)).filter(({ payload }) => payload.instanceId === instance).map(({ type }) => type.split(".").at(-1) ?? "");

async function subscribe(workflow: string, events = EVERY, queue = "q"): Promise<string> {
  const { id } = queues.list().find(({ name }) => name === queue) ?? (await queues.create(queue));
  const made = await subscriptions.create({ name: "s", isEnabled: true, workflow, queue: id, events });
  return made.id;
}

test("a message says what Cloudflare's says", async () => {
  const id = await subscribe("Quick", ["instance.completed"]);
  subscriptions.start(queues);
  await engine.create("Quick", [{ id: "a" }], "api");
  await reaches("Quick", "a", "complete");
  await delivered();
  expect(await messages("q")).toEqual([
    {
      type: "cf.workflows.workflow.instance.completed",
      source: { type: "workflows.workflow", workflowName: "Quick" },
      payload: { versionId: "Quick-v1", instanceId: "a" },
      metadata: {
        accountId: "local",
        eventSubscriptionId: id,
        eventSchemaVersion: 1,
        eventTimestamp: "2026-01-01T00:00:00.000Z",
      },
    },
  ]);
});

test("every event of an instance comes in order, those of other workflows do not", async () => {
  await subscribe("Sleeper");
  await subscribe("Failing");
  subscriptions.start(queues);
  await engine.create("Quick", [{ id: "other" }], "api");
  await engine.create("Sleeper", [{ id: "s" }], "api");
  await reaches("Sleeper", "s", "waiting");
  const at = { workflow: "Sleeper", id: "s" };
  await engine.pause(at);
  await engine.resume(at);
  await reaches("Sleeper", "s", "waiting");
  await engine.terminate(at);
  await engine.restart(at);
  await engine.create("Failing", [{ id: "f" }], "api");
  await reaches("Failing", "f", "errored");
  await reaches("Sleeper", "s", "waiting");
  await delivered();
  expect(await kinds("q", "s")).toEqual(["queued", "started", "paused", "started", "terminated", "queued", "started"]);
  expect(await kinds("q", "f")).toEqual(["queued", "started", "errored"]);
  expect(await kinds("q", "other")).toEqual([]);
});

test("committed events are sent by the next server after a crash", async () => {
  await subscribe("Quick");
  // Nothing is sent before `start`: as if it had died right after the commit.
  await engine.create("Quick", [{ id: "a" }], "api");
  await reaches("Quick", "a", "complete");
  await halt();
  await boot();
  subscriptions.start(queues);
  await delivered();
  expect(await kinds("q", "a")).toEqual(["queued", "started", "completed"]);
});

test("events that were sent but not removed are sent again", async () => {
  await halt();
  const removing = Promise.withResolvers<void>();
  await boot((store) => ({
    ...store,
    removeNotices: () => {
      removing.resolve();
      return Promise.reject(new Error("Killed"));
    },
  }));
  await subscribe("Quick", ["instance.completed"]);
  await engine.create("Quick", [{ id: "a" }], "api");
  await reaches("Quick", "a", "complete");
  subscriptions.start(queues);
  await removing.promise;
  await halt();
  await boot();
  subscriptions.start(queues);
  await delivered();
  expect(await kinds("q", "a")).toEqual(["completed", "completed"]);
});

test("while what was sent cannot be removed, it is not sent again and again", async () => {
  await halt();
  let tries = 0;
  await boot((store) => ({
    ...store,
    removeNotices: (upTo) => {
      tries += 1;
      return tries < 4 ? Promise.reject(new Error("The disk is full")) : store.removeNotices(upTo);
    },
  }));
  await subscribe("Quick", ["instance.completed"]);
  await engine.create("Quick", [{ id: "a" }], "api");
  await reaches("Quick", "a", "complete");
  subscriptions.start(queues);
  for (let tried = 1; tried < 4; tried += 1) {
    await until(async () => tries === tried);
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(10_000);
  }
  await delivered();
  expect(await kinds("q", "a")).toEqual(["completed"]);
});

test("many come whole, one that is disabled gets nothing, and with its queue a subscription ends", async () => {
  await subscribe("Quick", ["instance.completed"]);
  const second = await subscribe("Quick", ["instance.completed", "instance.queued"], "other");
  await subscriptions.change(second, { isEnabled: false });
  subscriptions.start(queues);
  const ids = Array.from({ length: 250 }, (_, i) => `i${i}`);
  await engine.create(
    "Quick",
    ids.map((id) => ({ id })),
    "api",
  );
  for (const id of ids) await reaches("Quick", id, "complete");
  await delivered();
  expect((await messages("q")).map(({ payload }) => payload.instanceId).sort()).toEqual(ids.toSorted());
  expect(await messages("other")).toEqual([]);
  const { id } = queues.named("q");
  await queues.remove(id);
  await subscriptions.removeOf(id);
  expect(subscriptions.list().map((each) => each.id)).toEqual([second]);
  expect(subscriptions.isWatched("Quick")).toBe(false);
  await engine.create("Quick", [{ id: "late" }], "api");
  expect(await opened.store.notices(1)).toEqual([]);
});
