/** The watchdog over a real database: it finds the instances that stand still, and only those. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sampleInstance } from "../contracts/store-samples.ts";
import type { InstanceStatus } from "../../src/model/instance/status.ts";
import type { Store } from "../../src/ports/store.ts";
import type { Lease } from "../../src/ports/instances/journal-store.ts";
import { openSqlite } from "../../src/stores/sqlite/open.ts";
import { Database } from "./database.ts";
import { PATIENCE_MS, Watchdog, type Load } from "./watchdog.ts";

const BEGUN = 1_000_000;

let folder: string;
let store: Store;
let lease: Lease;
let database: Database;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "stepwell-test-"));
  ({ store } = await openSqlite(join(folder, "stepwell.db")));
  lease = await store.acquire("test");
  database = new Database(join(folder, "stepwell.db"));
});
afterEach(async () => {
  database.close();
  await store.close();
  await rm(folder, { recursive: true });
});

async function plant(id: string, status: InstanceStatus, wakeAt: number | null = null): Promise<number> {
  const creates = [sampleInstance(id, { status, wakeAt })];
  const { created } = await store.commit({ creates, chunks: [], appends: [], removes: [] }, lease);
  return created[0] as number;
}

/** Looks each second for so long, with something that happens before each look; answers the ids that were found stuck at the end. */
async function watch(
  seconds: number,
  load: Load = {},
  before: (second: number) => Promise<unknown> = async () => {},
): Promise<string[]> {
  const watchdog = new Watchdog(database, load);
  let found: string[] = [];
  for (let second = 0; second <= seconds; second += 1) {
    await before(second);
    found = watchdog.look(BEGUN + second * 1_000).map(({ id }) => id);
  }
  return found;
}

const patience = PATIENCE_MS / 1_000;

test("an instance whose timer is overdue is stuck, one whose timer is not due is not", async () => {
  await plant("overdue", "waiting", BEGUN - 1);
  await plant("asleep", "waiting", BEGUN + 3_600_000);
  await plant("waits for an event", "waiting");
  expect(await watch(patience)).toEqual([]);
  expect(await watch(patience + 1)).toEqual(["overdue"]);
});

test("a queued instance is stuck while there are free slots, and only then", async () => {
  await plant("queued", "queued");
  await plant("running", "running");
  expect(await watch(patience + 1, { maxRunning: 1, slowestMs: 60_000 })).toEqual([]);
  expect(await watch(patience + 1, { maxRunning: 2, slowestMs: 60_000 })).toEqual(["queued"]);
});

test("a running instance is stuck when its journal does not grow, given what its code may take", async () => {
  const moving = await plant("moving", "running");
  await plant("dead", "running");
  const append = (second: number): Promise<unknown> => {
    const row = { seq: second + 2, firstEventId: second + 2, events: "[]" };
    return store.commit({ creates: [], chunks: [], appends: [{ pk: moving, row }], removes: [] }, lease);
  };
  expect(await watch(patience + 1, {}, append)).toEqual(["dead"]);
  expect(await watch(patience + 1, { slowestMs: 2_000 })).toEqual([]);
});

test("ended, paused and exempt instances are not watched", async () => {
  for (const status of ["complete", "errored", "terminated", "paused"] as const) await plant(status, status);
  await plant("endless", "running");
  expect(await watch(60, { isExempt: ({ id }) => id === "endless" })).toEqual([]);
});

test("time in which the suite itself was held up does not count", async () => {
  await plant("running", "running");
  const watchdog = new Watchdog(database);
  watchdog.look(BEGUN);
  expect(watchdog.look(BEGUN + 60_000)).toEqual([]);
});
