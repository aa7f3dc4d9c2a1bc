import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { messageAt, queueOf, queueStoreContract } from "../../../../test/contracts/queue-store.ts";
import { SqliteQueues } from "./queues.ts";

let folder: string;
let last = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "stepwell-queues-"));
});
afterAll(() => rm(folder, { recursive: true }));

const fresh = (): string => join(folder, "deep", `${(last += 1)}`, "queues.db");

let current: string;
queueStoreContract("sqlite", (left) => {
  if (left === undefined) current = fresh();
  return new SqliteQueues(current);
});

test("there is no file before there is a queue", async () => {
  const file = fresh();
  const store = new SqliteQueues(file);
  await store.expire(1);
  await store.backlog("a");
  expect(existsSync(file)).toBe(false);
  await store.putQueue(queueOf("a"));
  expect(existsSync(file)).toBe(true);
  await store.close();
});

test("a change that fails takes those of its turn with it, and nothing is counted", async () => {
  const store = new SqliteQueues(":memory:");
  await store.putQueue(queueOf("a"));
  await store.backlog("a");
  const added = store.add("a", [messageAt("m", 1)]);
  const clash = store.putQueue({ ...queueOf("b"), name: "a" });
  await expect(clash).rejects.toThrow("UNIQUE");
  await expect(added).rejects.toThrow("UNIQUE");
  expect(await store.backlog("a")).toMatchObject({ count: 0 });
  await store.close();
});

test("a file of something else is refused in words", async () => {
  const store = new SqliteQueues(join(folder, "."));
  await expect(store.queues()).rejects.toMatchObject({ failure: "store.unwritable" });
  await store.close();
});
