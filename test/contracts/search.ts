/** Searches, groups of errors and counts by the hour: held against what instances are one by one, whatever happened to them. */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ErrorSummary } from "../../src/model/views/error-summary.ts";
import { fingerprint } from "../../src/model/views/fingerprint.ts";
import { INSTANCE_STATUSES } from "../../src/model/instance/status.ts";
import type { Store } from "../../src/ports/store.ts";
import type { ErrorGroup } from "../../src/ports/instances/statistics.ts";
import type { FoundInstance, InstanceFilter, Position, SearchPage } from "../../src/ports/instances/search.ts";
import { sampleChange, sampleInstance, sampleWriter, type OpenedStore, type SampleWriter } from "./store-samples.ts";

const HOUR_MS = 3_600_000;

/** An error with this message, of the step `charge`. */
function sampleError(message: string, name = "Error"): ErrorSummary {
  return { name, message, step: "charge", frame: "pay", fingerprint: fingerprint({ name, message }, "charge", "pay") };
}

/** Defines the tests of what a store finds and counts. */
export function searchContract(name: string, open: () => Promise<OpenedStore>): void {
  describe(`${name}: search`, () => {
    const at = {} as OpenedStore & { writer: SampleWriter };
    beforeEach(async () => {
      const opened = await open();
      Object.assign(at, opened, { writer: await sampleWriter(opened.store) });
    });
    afterEach(() => at.close());

    test("any filters, in both directions and in pages of any size, find what they say, in order", () => anyFilters(at));
    describe("errors", () => errorContract(at));
    describe("by the hour", () => hourlyContract(at));
  });
}

interface At {
  readonly store: Store;
  readonly writer: SampleWriter;
}

const MESSAGES = ["card 1 refused", "Card 22 REFUSED", '100% _ \\ "it\'s"', "stöck is gone", "no", "x".repeat(300)] as const;

const made = fc.record({
  status: fc.constantFrom(...INSTANCE_STATUSES),
  versionId: fc.constantFrom("v1", "v2", "v3"),
  prefix: fc.constantFrom("a", "ab", "abc", "b", ""),
  createdAt: fc.integer({ min: 0, max: 12 }),
  message: fc.constantFrom(...MESSAGES),
});

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });

const asked = fc.record({
  status: maybe(fc.constantFrom("errored", "complete", "waiting", "queued" as const)),
  versionId: maybe(fc.constantFrom("v1", "v2", "v9")),
  idPrefix: maybe(fc.constantFrom("a", "ab", "z")),
  createdFrom: maybe(fc.integer({ min: 0, max: 12 })),
  createdTo: maybe(fc.integer({ min: 0, max: 12 })),
  errorText: maybe(fc.constantFrom("card", "REFUSED", "r: c", "% _", "\\", "n", "it's\"", "öck", "zebra", "xxxx")),
  fingerprint: maybe(fc.constantFrom(sampleError(MESSAGES[0]).fingerprint, sampleError(MESSAGES[3]).fingerprint, "none")),
});

async function anyFilters({ store, writer }: At): Promise<void> {
  let turn = 0;
  const property = fc.asyncProperty(
    fc.array(made, { maxLength: 30 }),
    fc.array(asked, { minLength: 1, maxLength: 12 }),
    fc.constantFrom("asc", "desc" as const),
    fc.integer({ min: 1, max: 7 }),
    async (instances, filters, direction, limit) => {
      const workflow = `w${(turn += 1)}`;
      const samples = instances.map(({ prefix, message, ...about }, i) => {
        const error = about.status === "errored" ? { error: sampleError(message) } : {};
        return { ...sampleInstance(`${prefix}${i}`, { ...about, workflow, endedAt: about.createdAt }), ...error };
      });
      const pks = samples.length === 0 ? [] : await writer.create(...samples);
      const all = samples.map(({ summary, error = null }, i): FoundInstance => ({ ...summary, pk: pks[i] ?? 0, error }));
      for (const each of filters) {
        const filter = { workflow, ...defined(each) };
        const expected = all
          .filter((instance) => isLike(instance, filter))
          .sort((a, b) => a.createdAt - b.createdAt || a.pk - b.pk);
        if (direction === "desc") expected.reverse();
        expect(await everything(store, filter, { direction, limit })).toEqual(expected);
        expect(await counted(store, filter)).toBe(expected.length);
      }
    },
  );
  await fc.assert(property);
}

/** What is asked for, without what is not. */
function defined<T extends object>(given: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never;
}

function isLike({ error, ...instance }: FoundInstance, filter: InstanceFilter): boolean {
  const low = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const text = error === null ? "" : low(`${error.name}: ${error.message}`);
  return [
    filter.status === undefined || filter.status === instance.status,
    filter.versionId === undefined || filter.versionId === instance.versionId,
    instance.id.startsWith(filter.idPrefix ?? ""),
    instance.createdAt >= (filter.createdFrom ?? 0),
    instance.createdAt <= (filter.createdTo ?? Infinity),
    filter.errorText === undefined || text.includes(low(filter.errorText)),
    filter.fingerprint === undefined || error?.fingerprint === filter.fingerprint,
  ].every(Boolean);
}

async function everything(store: Store, filter: InstanceFilter, page: SearchPage): Promise<FoundInstance[]> {
  const all: FoundInstance[] = [];
  let after: Position | undefined;
  do {
    const { items, next } = await store.search(filter, { ...page, ...(after && { after }) });
    expect(items.length).toBeLessThanOrEqual(page.limit);
    all.push(...items);
    after = next;
  } while (after !== undefined);
  return all;
}

async function counted(store: Store, filter: InstanceFilter): Promise<number> {
  let { count, next } = await store.tally(filter);
  while (next !== undefined) {
    const more = await store.tally(filter, next);
    count += more.count;
    ({ next } = more);
  }
  return count;
}

function errorContract(at: At): void {
  const groups = (query: { workflow?: string; fingerprint?: string } = {}): Promise<ErrorGroup[]> =>
    at.store.errorGroups({ ...query, offset: 0, limit: 10 });
  const errs = (pk: number, seq: number, message: string, endedAt: number, versionId = "version-1") => {
    const append = sampleChange(pk, seq, "running", "errored");
    const to = { ...append.change?.to, status: "errored", versionId, endedAt } as const;
    return { ...append, change: { from: "running", to, error: sampleError(message) } } as never;
  };

  test("errors of one fingerprint are a group, with the time and version of the first", async () => {
    const running = { status: "running" } as const;
    const [a = 0, b = 0, c = 0] = await at.writer.create(
      sampleInstance("a", running),
      sampleInstance("b", running),
      sampleInstance("c", { ...running, workflow: "bills" }),
    );
    await at.writer.commit({ appends: [errs(a, 2, "card 1 refused", 200, "v2"), errs(c, 2, "card 3 refused", 300)] });
    await at.writer.commit({ appends: [errs(b, 2, "card 2 refused", 100, "v1")] });
    const { fingerprint: same } = sampleError("card 9 refused");
    const shared = { fingerprint: same, name: "Error", step: "charge", frame: "pay" };
    const orders = { ...shared, workflow: "orders", instances: 2, firstSeen: 100, lastSeen: 200, firstVersionId: "v1" };
    expect(await groups({ workflow: "orders" })).toEqual([
      { ...orders, message: expect.stringMatching(/^card \d refused$/) as string },
    ]);
    expect((await groups()).map(({ workflow }) => workflow)).toEqual(["bills", "orders"]);
    expect(await groups({ fingerprint: same })).toHaveLength(2);
    expect(await groups({ fingerprint: "none" })).toEqual([]);
    expect(await groups({ workflow: "none" })).toEqual([]);
    expect(await at.store.errorGroups({ offset: 1, limit: 1 })).toMatchObject([{ workflow: "orders" }]);
  });

  test("a restart and a deletion take an error out of its group, and the last one the group", async () => {
    const [a = 0, b = 0] = await at.writer.create(
      sampleInstance("a", { status: "running" }),
      sampleInstance("b", { status: "running" }),
    );
    await at.writer.commit({ appends: [errs(a, 2, "card 1 refused", 1), errs(b, 2, "card 2 refused", 2)] });
    expect(await groups()).toMatchObject([{ instances: 2 }]);
    await at.writer.commit({ appends: [{ ...sampleChange(a, 3, "errored", "queued"), restart: true }] });
    expect(await groups()).toMatchObject([{ instances: 1 }]);
    expect(await counted(at.store, { workflow: "orders", errorText: "card" })).toBe(1);
    await at.writer.commit({ removes: [b] });
    expect(await groups()).toEqual([]);
    expect(await counted(at.store, { workflow: "orders", errorText: "card" })).toBe(0);
  });

  test("an instance that fails again is in the group of its newest error only, also in one row", async () => {
    const [a = 0] = await at.writer.create(sampleInstance("a", { status: "running" }));
    await at.writer.commit({ appends: [errs(a, 2, "card 1 refused", 1)] });
    const again = errs(a, 3, "stock is gone", 5) as { change: object };
    await at.writer.commit({ appends: [{ ...again, restart: true, change: { ...again.change, from: "errored" } } as never] });
    expect(await groups()).toMatchObject([{ instances: 1, message: "stock is gone" }]);
    expect(await at.store.statusCounts("orders")).toEqual({ errored: 1 });
  });

  test("a commit that fails has changed no group", async () => {
    const [a = 0] = await at.writer.create(sampleInstance("a", { status: "running" }));
    const spoiled = [errs(a, 2, "card 1 refused", 1), sampleChange(a, 2, "errored", "queued")];
    await expect(at.writer.commit({ appends: spoiled })).rejects.toThrow();
    expect(await groups()).toEqual([]);
    expect(await at.store.hourly(0)).toMatchObject([{ created: 1, errored: 0 }]);
  });
}

function hourlyContract(at: At): void {
  test("creations and ends are counted by hour and workflow", async () => {
    const hour = 480_000 * HOUR_MS;
    const [a = 0, b = 0] = await at.writer.create(
      sampleInstance("a", { createdAt: hour, status: "running" }),
      sampleInstance("b", { createdAt: hour + 1, status: "running" }),
      sampleInstance("c", { createdAt: hour + HOUR_MS, workflow: "bills" }),
    );
    const ends = (pk: number, seq: number, to: "complete" | "terminated", endedAt: number) => {
      const append = sampleChange(pk, seq, "running", to);
      return { ...append, change: { from: "running", to: { ...append.change?.to, endedAt } } } as never;
    };
    await at.writer.commit({ appends: [ends(a, 2, "complete", hour + 5), ends(b, 2, "terminated", hour + HOUR_MS)] });
    await at.writer.commit({ removes: [a] });
    const none = { created: 0, complete: 0, errored: 0, terminated: 0 };
    const first = { ...none, workflow: "orders", hour, created: 2, complete: 1 };
    const second = { ...none, workflow: "orders", hour: hour + HOUR_MS, terminated: 1 };
    expect(await at.store.hourly(hour + 5, "orders")).toEqual([first, second]);
    expect(await at.store.hourly(hour + HOUR_MS, "bills")).toEqual([{ ...second, workflow: "bills", created: 1, terminated: 0 }]);
    expect(await at.store.hourly(hour)).toHaveLength(3);
    expect(await at.store.hourly(0, "none")).toEqual([]);
  });

  test("hours of long ago are gone", async () => {
    await at.writer.create(sampleInstance("a", { createdAt: HOUR_MS }));
    await at.writer.create(sampleInstance("b", { createdAt: 100 * HOUR_MS }));
    expect(await at.store.hourly(0)).toMatchObject([{ hour: 100 * HOUR_MS, created: 1 }]);
  });
}
