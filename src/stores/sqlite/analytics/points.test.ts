/** Data points in SQLite: in order, bounded, and there after a restart. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LIMITS } from "../../../model/limits.ts";
import type { DataPoint } from "../../../ports/logs/data-points.ts";
import { SqliteDataPoints } from "./points.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "stepwell-points-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const point = (dataset: string, at: number): DataPoint => ({ dataset, at, indexes: ["i"], blobs: ["b", null], doubles: [at] });

test("points are read newest first, also by the next server", async () => {
  const file = join(folder, "deep", "analytics.db");
  const store = new SqliteDataPoints(file);
  expect([await store.newest("a", 9), existsSync(file)]).toEqual([[], false]);
  await store.add([point("a", 1), point("b", 2), point("a", 3)]);
  await store.close();
  const next = new SqliteDataPoints(file);
  expect([await next.newest("a", 9), await next.newest("a", 1)]).toEqual([[point("a", 3), point("a", 1)], [point("a", 3)]]);
  await next.close();
});

test("of a dataset the newest points stay", async () => {
  const store = new SqliteDataPoints(":memory:");
  const most = LIMITS.dataPoints;
  await store.add(Array.from({ length: most }, (_, at) => point("a", at)));
  expect(await store.newest("a", most + 1)).toHaveLength(most);
  await store.add([point("a", most), point("b", 0)]);
  const kept = await store.newest("a", most + 1);
  expect([kept.length, kept.at(-1)?.at]).toEqual([most, 1]);
  expect(await store.newest("b", 9)).toHaveLength(1);
  await store.close();
});

test("of too many datasets, the one that was written longest ago is forgotten", async () => {
  const store = new SqliteDataPoints(":memory:");
  for (let each = 0; each < LIMITS.datasets; each += 1) await store.add([point(`d${each}`, each)]);
  await store.add([point("d0", 1_000)]);
  await store.add([point("another", 1_001)]);
  const found = await Promise.all(["d0", "d1", "d2", "another"].map(async (name) => (await store.newest(name, 9)).length));
  expect(found).toEqual([2, 0, 1, 1]);
  await store.close();
});
