/** What the contract's few instances do not reach: searches that end before they have seen all, and filters that many match. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Store } from "../../../ports/store.ts";
import type { InstanceFilter, Position } from "../../../ports/instances/search.ts";
import { sampleInstance, sampleWriter } from "../../../../test/contracts/store-samples.ts";
import { openSqlite } from "../open.ts";

const MANY = 24_000;

let folder: string;
let store: Store;

/** Halves that are independent: every second one waits, the older half has the old version; all but one have failed alike. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "stepwell-"));
  ({ store } = await openSqlite(join(folder, "db"), { writer: "inline" }));
  const writer = await sampleWriter(store);
  const errorOf = (i: number) => ({
    name: "Error",
    message: i === 7 ? "card refused" : `no answer ${i}`,
    step: null,
    frame: null,
    fingerprint: i === 7 ? "rare" : "usual",
  });
  await writer.create(
    ...Array.from({ length: MANY }, (_, i) => ({
      ...sampleInstance(`${i % 2 === 0 ? "even" : "odd"}-${i}`, {
        createdAt: i,
        versionId: i < MANY / 2 ? "old" : "new",
        status: i % 2 === 0 ? ("waiting" as const) : ("errored" as const),
      }),
      ...(i % 2 === 1 && { error: errorOf(i) }),
    })),
  );
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const filters: readonly (readonly [what: string, filter: Partial<InstanceFilter>, matches: (i: number) => boolean])[] = [
  ["a status and a version", { status: "waiting", versionId: "old" }, (i) => i % 2 === 0 && i < MANY / 2],
  ["an id that many begin with", { idPrefix: "odd" }, (i) => i % 2 === 1],
  ["an id that many begin with, and nothing else that is so", { idPrefix: "odd", status: "waiting" }, () => false],
  ["a text that many have", { errorText: "answer" }, (i) => i % 2 === 1 && i !== 7],
  [
    "a text that many have, in a version",
    { errorText: "answer", versionId: "old" },
    (i) => i % 2 === 1 && i !== 7 && i < MANY / 2,
  ],
  ["a text that one has", { errorText: "refused" }, (i) => i === 7],
  ["a text that is shorter than three letters", { errorText: "d r" }, (i) => i === 7],
  ["two letters that one has", { errorText: "rd" }, (i) => i === 7],
  ["a group of many", { fingerprint: "usual", versionId: "new" }, (i) => i % 2 === 1 && i >= MANY / 2],
  ["a group of one", { fingerprint: "rare" }, (i) => i === 7],
];

test.each(filters)("%s: bounded, and complete in the end", async (_, filter, matches) => {
  const expected = Array.from({ length: MANY }, (_, i) => i).filter(matches);
  for (const direction of ["asc", "desc"] as const) {
    const found: number[] = [];
    let after: Position | undefined;
    do {
      const { items, next } = await store.search(
        { workflow: "orders", ...filter },
        { direction, limit: 5_000, ...(after && { after }) },
      );
      found.push(...items.map(({ createdAt }) => createdAt));
      after = next;
    } while (after !== undefined);
    expect(found).toEqual(direction === "asc" ? expected : expected.toReversed());
  }
  let { count, next } = await store.tally({ workflow: "orders", ...filter });
  for (let more; next !== undefined; { next } = more)
    count += (more = await store.tally({ workflow: "orders", ...filter }, next)).count;
  expect(count).toBe(expected.length);
});

test("a search that finds nothing says where it has got to", async () => {
  const { items, next } = await store.search(
    { workflow: "orders", status: "waiting", idPrefix: "odd" },
    { direction: "desc", limit: 10 },
  );
  expect(items).toEqual([]);
  expect(next?.createdAt).toBeLessThan(MANY - 1);
  expect(next?.createdAt).toBeGreaterThan(0);
});
