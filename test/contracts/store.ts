/**
 * What every store must do, as tests. Run it from a test file of a store:
 * `storeContract("mine", async () => ({ store, catalog, logs, close }))`. Needs Vitest and fast-check.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Notice } from "../../src/model/views/notices.ts";
import type { InstanceStatus } from "../../src/model/instance/status.ts";
import type { Store } from "../../src/ports/store.ts";
import type { Chunk } from "../../src/ports/instances/commit.ts";
import type { InstanceSummary } from "../../src/ports/instances/summary.ts";
import { catalogContract } from "./catalog.ts";
import { logStoreContract } from "./log-store.ts";
import {
  SAMPLE_NOW,
  sampleChange,
  sampleInstance,
  sampleRow,
  sampleWriter,
  type OpenedStore,
  type SampleWriter,
} from "./store-samples.ts";
import { searchContract } from "./search.ts";
import { statusCountsContract } from "./status-counts.ts";

/** Defines the tests of the contract for a store. */
export function storeContract(name: string, open: () => Promise<OpenedStore>): void {
  describe(`${name}: store`, () => {
    const at = {} as OpenedStore & { writer: SampleWriter };
    beforeEach(async () => {
      const opened = await open();
      Object.assign(at, opened, { writer: await sampleWriter(opened.store) });
    });
    afterEach(() => at.close());

    describe("commit", () => commitContract(at));
    describe("notices", () => noticeContract(at));
    describe("journal", () => journalContract(at));
    describe("streams", () => streamContract(at));
    describe("lists", () => listContract(at));
    describe("schedule", () => scheduleContract(at));
    describe("versions", () => versionContract(at));
  });
  statusCountsContract(name, open);
  searchContract(name, open);
  catalogContract(name, open);
  logStoreContract(name, open);
}

/** The store of the test that is running. */
interface At {
  readonly store: Store;
  readonly writer: SampleWriter;
}

function commitContract(at: At): void {
  test("a new instance is found by its address, with everything that was said of it", async () => {
    const about = {
      status: "waiting",
      trigger: "cron",
      startedAt: 5,
      endedAt: 6,
      wakeAt: 7,
      expiresAt: 9,
      modifiedAt: 8,
      versionId: "v",
    } as const;
    const [pk] = await at.writer.create(sampleInstance("a", about));
    expect(await at.store.find("orders", "a")).toEqual({ ...sampleInstance("a", about).summary, pk });
    expect(await at.store.find("orders", "b")).toBeUndefined();
    expect(await at.store.find("bills", "a")).toBeUndefined();
  });

  test("a taken id is answered per row, within a batch too, and leaves the first one alone", async () => {
    const [first] = await at.writer.create(sampleInstance("a"));
    const creates = [sampleInstance("a", { status: "running" }), sampleInstance("b"), sampleInstance("b", { status: "running" })];
    const { created } = await at.writer.commit({ creates: [...creates, sampleInstance("a", { workflow: "bills" })] });
    expect(created.map((each) => typeof each)).toEqual(["string", "number", "string", "number"]);
    expect(created[0]).toBe("exists");
    expect(new Set([first, created[1], created[3]]).size).toBe(3);
    expect(await at.store.find("orders", "a")).toMatchObject({ pk: first, status: "queued" });
    expect(await at.store.statusCounts("orders")).toEqual({ queued: 2 });
  });

  test("a time that is no whole number of milliseconds fails the commit, which then has changed nothing", async () => {
    const [pk = 0] = await at.writer.create(sampleInstance("a"));
    const appends = [sampleChange(pk, 2, "queued", "waiting", 7.5)];
    await expect(at.writer.commit({ creates: [sampleInstance("b")], appends })).rejects.toThrow();
    expect(await at.store.find("orders", "a")).toMatchObject({ status: "queued" });
    expect(await at.store.find("orders", "b")).toBeUndefined();
  });

  test("creates, appends and removes of one batch are applied in this order", async () => {
    const [a = 0, b = 0] = await at.writer.create(sampleInstance("a"), sampleInstance("b"));
    const appends = [sampleChange(b, 2, "queued", "running"), sampleChange(b, 3, "running", "complete")];
    const { created } = await at.writer.commit({ creates: [sampleInstance("a")], appends, removes: [a, a, 999] });
    expect(created).toEqual(["exists"]);
    expect(await at.store.find("orders", "a")).toBeUndefined();
    expect(await at.store.find("orders", "b")).toMatchObject({ status: "complete", modifiedAt: SAMPLE_NOW + 3 });
    expect(await at.store.statusCounts("orders")).toEqual({ complete: 1 });
  });

  test("a change replaces exactly the part of the summary that changes", async () => {
    const [pk = 0] = await at.writer.create(sampleInstance("a", { wakeAt: 4 }));
    const times = { modifiedAt: 1, startedAt: 2, endedAt: 3, wakeAt: null, expiresAt: 4 };
    const to = { status: "errored", versionId: "version-2", ...times } as const;
    await at.writer.commit({ appends: [{ pk, row: sampleRow(2), change: { from: "queued", to } }] });
    expect(await at.store.find("orders", "a")).toEqual({ ...sampleInstance("a").summary, ...to, pk });
  });

  test("a removed instance is gone with its journal, and its id is free for a new one", async () => {
    const [pk = 0] = await at.writer.create(sampleInstance("a"));
    await at.writer.commit({ appends: [{ pk, row: sampleRow(2) }] });
    await at.writer.commit({ removes: [pk] });
    expect(await at.store.find("orders", "a")).toBeUndefined();
    expect(await at.store.load(pk, 0, 1000)).toEqual([]);
    expect(await at.store.statusCounts("orders")).toEqual({});
    const [again = 0] = await at.writer.create(sampleInstance("a"));
    expect(again).not.toBe(pk);
    expect(await at.store.load(again, 0, 1000)).toEqual([sampleRow(1)]);
  });

  test.each([
    ["a status that is not the stored one", (pk: number) => sampleChange(pk, 2, "running", "complete")],
    ["a row number that is taken", (pk: number) => sampleChange(pk, 1, "queued", "running")],
  ])("a batch with %s changes nothing at all", async (_, wrong) => {
    const [a = 0, b = 0] = await at.writer.create(sampleInstance("a"), sampleInstance("b"));
    const batch = {
      creates: [sampleInstance("c", { workflow: "new" })],
      appends: [sampleChange(a, 2, "queued", "running"), wrong(b)],
    };
    await expect(at.writer.commit({ ...batch, removes: [a] })).rejects.toThrow();
    expect(await at.store.find("new", "c")).toBeUndefined();
    expect(await at.store.find("orders", "a")).toMatchObject({ status: "queued" });
    expect(await at.store.load(a, 0, 1000)).toEqual([sampleRow(1)]);
    expect(await at.store.statusCounts("orders")).toEqual({ queued: 2 });
    expect(await at.store.statusCounts("new")).toEqual({});
    // And the store goes on as if nothing had been.
    const [c] = await at.writer.create(sampleInstance("c", { workflow: "new", versionId: "version-9" }));
    expect(await at.store.find("new", "c")).toMatchObject({ pk: c, versionId: "version-9" });
    expect(await at.store.statusCounts("new")).toEqual({ queued: 1 });
  });

  test("a writer that has lost the lease cannot write", async () => {
    const next = await at.store.acquire("next");
    expect(next.epoch).toBeGreaterThan(at.writer.lease.epoch);
    const refused = at.writer.commit({ creates: [sampleInstance("a")] });
    await expect(refused).rejects.toMatchObject({ name: "StoreError", fault: "fenced" });
    expect(await at.store.find("orders", "a")).toBeUndefined();
    await at.store.commit({ creates: [sampleInstance("a")], chunks: [], appends: [], removes: [] }, next);
    expect(await at.store.find("orders", "a")).toBeDefined();
  });

  test("commits that are begun together all take effect", async () => {
    const ids = ["a", "b", "c", "d"];
    await Promise.all(ids.map((id) => at.writer.create(sampleInstance(id))));
    expect(await at.store.statusCounts("orders")).toEqual({ queued: 4 });
  });
}

function noticeContract(at: At): void {
  const notice = (instance: string, event: Notice["event"]): Notice => ({
    workflow: "orders",
    instance,
    versionId: "version-1",
    event,
    at: SAMPLE_NOW,
  });
  const events = async (): Promise<string[]> => (await at.store.notices(10)).map(({ instance, event }) => `${instance} ${event}`);

  test("are kept with what they are of, in order, until they are removed", async () => {
    const noted = { ...sampleInstance("a"), notices: [notice("a", "instance.queued")] };
    const [pk = 0] = await at.writer.create(noted);
    const change = { ...sampleChange(pk, 2, "queued", "running"), notices: [notice("a", "instance.started")] };
    await at.writer.commit({ appends: [change] });
    const [first, second] = await at.store.notices(10);
    expect(first).toEqual({ ...notice("a", "instance.queued"), pk: first?.pk });
    expect(await at.store.notices(1)).toEqual([first]);
    await at.store.removeNotices(first?.pk ?? 0);
    expect(await at.store.notices(10)).toEqual([second]);
    await at.store.removeNotices(second?.pk ?? 0);
    // The key of a removed notice is not used again: readers resume after a key.
    await at.writer.create({ ...sampleInstance("b"), notices: [notice("b", "instance.queued")] });
    expect((await at.store.notices(10))[0]?.pk).toBeGreaterThan(second?.pk ?? Infinity);
  });

  test("are not kept of an instance whose id is taken, nor of a commit that fails, and outlive the instance", async () => {
    const noted = { ...sampleInstance("a"), notices: [notice("a", "instance.queued")] };
    const [pk = 0] = await at.writer.create(noted);
    await at.writer.commit({ creates: [noted] });
    const wrong = { ...sampleChange(pk, 2, "waiting", "running"), notices: [notice("a", "instance.started")] };
    await expect(at.writer.commit({ appends: [wrong] })).rejects.toThrow();
    await at.writer.commit({ removes: [pk] });
    expect(await events()).toEqual(["a instance.queued"]);
  });
}

function journalContract(at: At): void {
  const seqs = async (pk: number, afterSeq: number, maxBytes: number): Promise<number[]> =>
    (await at.store.load(pk, afterSeq, maxBytes)).map(({ seq }) => seq);

  test("rows come back as they were written, in order, each instance its own", async () => {
    const [a = 0, b = 0] = await at.writer.create(sampleInstance("a"), sampleInstance("b"));
    const text = { seq: 2, firstEventId: 77, events: JSON.stringify(["é €", "\u{1F600}", '"\\\u0000']) };
    await at.writer.commit({
      appends: [
        { pk: b, row: sampleRow(2) },
        { pk: a, row: text },
      ],
    });
    await at.writer.commit({ appends: [{ pk: a, row: sampleRow(3) }] });
    expect(await at.store.load(a, 0, 10_000)).toEqual([sampleRow(1), text, sampleRow(3)]);
    expect(await at.store.load(b, 0, 10_000)).toEqual([sampleRow(1), sampleRow(2)]);
    expect(await at.store.load(999, 0, 10_000)).toEqual([]);
  });

  test("a window holds as many rows as make it up, at least one, and the next goes on after it", async () => {
    const [pk = 0] = await at.writer.create(sampleInstance("a"));
    await at.writer.commit({ appends: [2, 3, 4, 5].map((seq) => ({ pk, row: sampleRow(seq, 100) })) });
    expect(await seqs(pk, 1, 150)).toEqual([2, 3]);
    expect(await seqs(pk, 3, 2_000)).toEqual([4, 5]);
    expect(await seqs(pk, 1, 10)).toEqual([2]);
    expect(await seqs(pk, 5, 10)).toEqual([]);
  });

  test("single rows are read by number, in order, and missing ones are left out", async () => {
    const [pk = 0] = await at.writer.create(sampleInstance("a"));
    await at.writer.commit({ appends: [2, 3, 4].map((seq) => ({ pk, row: sampleRow(seq) })) });
    expect(await at.store.rows(pk, [4, 9, 2], 10_000)).toEqual([sampleRow(4), sampleRow(2)]);
    expect(await at.store.rows(pk, [9, 4, 2], 1)).toEqual([sampleRow(4)]);
    expect(await at.store.rows(pk, [], 1)).toEqual([]);
  });

  test("a restart deletes the rows of the life before", async () => {
    const [pk = 0, other = 0] = await at.writer.create(sampleInstance("a"), sampleInstance("b"));
    await at.writer.commit({ appends: [{ pk, row: sampleRow(2) }, sampleChange(pk, 3, "queued", "complete")] });
    await at.writer.commit({ appends: [{ ...sampleChange(pk, 4, "complete", "queued"), restart: true }] });
    expect(await seqs(pk, 0, 1000)).toEqual([4]);
    expect(await seqs(other, 0, 1000)).toEqual([1]);
    expect(await at.store.find("orders", "a")).toMatchObject({ pk, status: "queued" });
  });
}

function streamContract(at: At): void {
  const chunk = (pk: number, stream: number, index: number, length = 3): Chunk => ({
    pk,
    stream,
    index,
    bytes: new Uint8Array(length).fill(index + 1),
  });
  /** Commits nothing until no void chunk is left; answers how often. */
  async function sweep(): Promise<number> {
    for (let times = 1; ; times += 1) if (!(await at.writer.commit({})).isSweeping) return times;
  }

  test("a long journal is void at once, by deletion or by a restart, and deleted in bounded commits", async () => {
    const ROWS = 1_000;
    const [a = 0, b = 0] = await at.writer.create(sampleInstance("a"), sampleInstance("b"));
    const rows = Array.from({ length: ROWS }, (_, i) => sampleRow(i + 2));
    await at.writer.commit({ appends: [a, b].flatMap((pk) => rows.map((row) => ({ pk, row }))) });
    const restart = { ...sampleChange(b, ROWS + 2, "queued", "queued"), restart: true } as const;
    await at.writer.commit({ removes: [a], appends: [restart] });
    const [again = 0] = await at.writer.create(sampleInstance("a"));
    const seqs = async (pk: number): Promise<number[]> => (await at.store.load(pk, 0, 1e9)).map(({ seq }) => seq);
    const seen = [await seqs(a), await seqs(b), await seqs(again)];
    expect(await sweep()).toBeLessThan(20);
    expect([await seqs(a), await seqs(b), await seqs(again)]).toEqual(seen);
    expect(seen).toEqual([[], [ROWS + 2], [1]]);
  });

  test("chunks come back as they were written, by instance, stream and index", async () => {
    const [a = 0, b = 0] = await at.writer.create(sampleInstance("a"), sampleInstance("b"));
    await at.writer.commit({ chunks: [chunk(a, 5, 0), chunk(a, 5, 1, 262_144), chunk(a, 6, 0, 1), chunk(b, 5, 0, 2)] });
    expect(await at.store.chunk(a, 5, 0)).toEqual(Uint8Array.of(1, 1, 1));
    expect(await at.store.chunk(a, 5, 1)).toEqual(new Uint8Array(262_144).fill(2));
    expect(await at.store.chunk(a, 6, 0)).toEqual(Uint8Array.of(1));
    expect(await at.store.chunk(b, 5, 0)).toEqual(Uint8Array.of(1, 1));
    expect(await at.store.chunk(a, 5, 2)).toBeUndefined();
  });

  test("a chunk that is there already spoils its batch", async () => {
    const [a = 0] = await at.writer.create(sampleInstance("a"));
    await at.writer.commit({ chunks: [chunk(a, 5, 0)] });
    await expect(at.writer.commit({ chunks: [chunk(a, 6, 0), chunk(a, 5, 0, 9)] })).rejects.toThrow();
    expect(await at.store.chunk(a, 5, 0)).toHaveLength(3);
    expect(await at.store.chunk(a, 6, 0)).toBeUndefined();
  });

  test("void chunks are deleted in bounded commits, and nothing else is", async () => {
    const [a = 0, b = 0] = await at.writer.create(sampleInstance("a"), sampleInstance("b"));
    const many = Array.from({ length: 100 }, (_, i) => chunk(a, 1, i));
    await at.writer.commit({ chunks: [...many, chunk(a, 2, 0), chunk(a, 9, 0), chunk(b, 1, 0)] });
    await at.writer.commit({ appends: [{ pk: a, row: sampleRow(2), voids: [1] }] });
    expect(await sweep()).toBeLessThan(20);
    const left = await Promise.all([at.store.chunk(a, 1, 0), at.store.chunk(a, 1, 99)]);
    expect(left).toEqual([undefined, undefined]);
    expect(await at.store.chunk(a, 2, 0)).toBeDefined();
    // A restart ends the streams of the life before.
    const restart = { ...sampleChange(a, 3, "queued", "queued"), restart: true } as const;
    await at.writer.commit({ appends: [{ ...restart, row: { ...sampleRow(3), firstEventId: 5 } }] });
    await sweep();
    expect(await at.store.chunk(a, 2, 0)).toBeUndefined();
    expect(await at.store.chunk(a, 9, 0)).toBeDefined();
    await at.writer.commit({ removes: [a] });
    await sweep();
    expect(await at.store.chunk(a, 9, 0)).toBeUndefined();
    expect(await at.store.chunk(b, 1, 0)).toBeDefined();
  });
}

function listContract(at: At): void {
  const ids = (page: readonly InstanceSummary[]): string => page.map(({ id }) => id).join("");

  /** a to e, of which b, c and d share their moment; f is another workflow's. */
  async function fill(): Promise<void> {
    const times = { a: 10, b: 20, c: 20, d: 20, e: 30 };
    await at.writer.create(
      sampleInstance("f", { workflow: "bills", createdAt: 20 }),
      ...Object.entries(times).map(([id, createdAt]) =>
        sampleInstance(id, { createdAt, status: id === "c" ? "running" : "queued" }),
      ),
    );
  }

  test("both directions, by moment and then by key", async () => {
    await fill();
    expect(ids(await at.store.list({ workflow: "orders", direction: "asc", limit: 10 }))).toBe("abcde");
    expect(ids(await at.store.list({ workflow: "orders", direction: "desc", limit: 10 }))).toBe("edcba");
    expect(ids(await at.store.list({ workflow: "none", direction: "desc", limit: 10 }))).toBe("");
  });

  test.each(["asc", "desc"] as const)("pages by offset and by position are the same: %s", async (direction) => {
    await fill();
    const whole = ids(await at.store.list({ workflow: "orders", direction, limit: 10 }));
    let byPosition = "";
    let after: { createdAt: number; pk: number } | undefined;
    for (let offset = 0; offset <= 6; offset += 2) {
      const page = await at.store.list({ workflow: "orders", direction, limit: 2, ...(after && { after }) });
      byPosition += ids(page);
      after = page.at(-1) ?? after;
      expect(ids(await at.store.list({ workflow: "orders", direction, limit: 2, offset }))).toBe(whole.slice(offset, offset + 2));
    }
    expect(byPosition).toBe(whole);
  });

  test("ids that begin so, of one workflow, in their order", async () => {
    const all = ["ab", "a", "b", "abc", "Ab", "a-1", "a_", "*/5 * * * *-60000"].map((id) => sampleInstance(id));
    await at.writer.create(...all, sampleInstance("abd", { workflow: "bills" }));
    const found = async (prefix: string, limit = 10): Promise<string[]> =>
      (await at.store.beginningWith("orders", prefix, limit)).map(({ id }) => id);
    expect(await found("a")).toEqual(["a", "a-1", "a_", "ab", "abc"]);
    expect(await found("a", 2)).toEqual(["a", "a-1"]);
    expect(await found("ab")).toEqual(["ab", "abc"]);
    expect(await found("*/5 ")).toEqual(["*/5 * * * *-60000"]);
    expect(await found("%")).toEqual([]);
    expect(await found("")).toHaveLength(8);
  });

  test("filters combine, and their bounds are inclusive", async () => {
    await fill();
    const query = { workflow: "orders", direction: "asc", limit: 10 } as const;
    expect(ids(await at.store.list({ ...query, status: "running" }))).toBe("c");
    expect(ids(await at.store.list({ ...query, createdFrom: 20 }))).toBe("bcde");
    expect(ids(await at.store.list({ ...query, createdTo: 20 }))).toBe("abcd");
    expect(ids(await at.store.list({ ...query, createdFrom: 20, createdTo: 20, status: "queued" }))).toBe("bd");
    expect(ids(await at.store.list({ ...query, createdFrom: 11, createdTo: 19 }))).toBe("");
  });

  test("counting stops at the cap only where instances are counted one by one", async () => {
    await fill();
    expect(await at.store.count({ workflow: "orders" }, 2)).toBe(5);
    expect(await at.store.count({ workflow: "orders", status: "queued" }, 2)).toBe(4);
    expect(await at.store.count({ workflow: "orders", status: "paused" }, 2)).toBe(0);
    expect(await at.store.count({ workflow: "orders", createdFrom: 20 }, 10)).toBe(4);
    expect(await at.store.count({ workflow: "orders", createdFrom: 20, createdTo: 20, status: "queued" }, 10)).toBe(2);
    expect(await at.store.count({ workflow: "orders", createdTo: 30 }, 3)).toBe(3);
    expect(await at.store.count({ workflow: "none" }, 2)).toBe(0);
  });
}

function versionContract(at: At): void {
  test("versions in use are found a few instances at a time", async () => {
    const instances = [
      sampleInstance("a", { versionId: "v1", status: "complete" }),
      sampleInstance("b", { versionId: "v2", status: "waiting" }),
      sampleInstance("c", { versionId: "v2", status: "errored" }),
      sampleInstance("d", { versionId: "v3", status: "queued" }),
    ];
    const pks = await at.writer.create(...instances);
    expect(await at.store.versionsInUse(0, 3)).toEqual({ living: ["v2"], ended: ["v1", "v2"], last: pks[2] });
    expect(await at.store.versionsInUse(pks[2] ?? 0, 3)).toEqual({ living: ["v3"], ended: [], last: pks[3] });
    expect(await at.store.versionsInUse(pks[3] ?? 0, 3)).toEqual({ living: [], ended: [], last: undefined });
  });
}

function scheduleContract(at: At): void {
  const ready = async (...query: Parameters<Store["ready"]>): Promise<string> =>
    (await at.store.ready(...query)).map(({ id }) => id).join("");

  test("interrupted: running, about to pause or rolling back, by key, page after page", async () => {
    const statuses: Record<string, InstanceStatus> = {
      a: "running",
      b: "waiting",
      c: "waitingForPause",
      d: "paused",
      e: "running",
      f: "rollingBack",
    };
    const pks = await at.writer.create(
      ...Object.entries(statuses).map(([id, status]) => sampleInstance(id, { status, createdAt: -id.charCodeAt(0) })),
    );
    expect(await ready("interrupted", 0, 10)).toBe("acef");
    expect(await ready("interrupted", 0, 2)).toBe("ac");
    expect(await ready("interrupted", 0, 2, pks[2])).toBe("ef");
  });

  test("due: waiting until now or earlier, the longest due first", async () => {
    const wakes = { a: 30, b: 10, c: 20, d: 21, e: null, f: 10 };
    const pks = await at.writer.create(
      ...Object.entries(wakes).map(([id, wakeAt]) => sampleInstance(id, { status: "waiting", wakeAt })),
    );
    await at.writer.create(sampleInstance("g", { status: "paused", wakeAt: 5 }));
    expect(await ready("due", 20, 10)).toBe("bfc");
    expect(await ready("due", 20, 1)).toBe("b");
    expect(await ready("due", 20, 10, pks[5])).toBe("bfc");
    expect(await ready("due", 9, 10)).toBe("");
  });

  test("queued: the oldest first", async () => {
    const times = { a: 30, b: 10, c: 20, d: 10 };
    const [a = 0] = await at.writer.create(...Object.entries(times).map(([id, createdAt]) => sampleInstance(id, { createdAt })));
    expect(await ready("queued", 0, 10)).toBe("bdca");
    expect(await ready("queued", 0, 2, a)).toBe("bd");
    await at.writer.commit({ appends: [sampleChange(a, 2, "queued", "running")] });
    expect(await ready("queued", 0, 10)).toBe("bdc");
    await at.writer.commit({ appends: [sampleChange(a, 3, "running", "queued")] });
    expect(await ready("queued", 0, 10)).toBe("bdca");
  });

  test("due and queued pass over workflows that are skipped, in the order of all others", async () => {
    const names = ["orders", "bills", "mails"] as const;
    for (const status of ["waiting", "queued"] as const) {
      await at.writer.create(
        ...["a", "b", "c", "d", "e", "f"].map((id, i) =>
          sampleInstance(`${status[0] ?? ""}${id}`, { workflow: names[i % 3] ?? "", status, createdAt: i, wakeAt: i }),
        ),
      );
    }
    expect(await ready("queued", 0, 10, 0, ["bills"])).toBe("qaqcqdqf");
    expect(await ready("queued", 0, 2, 0, ["orders", "missing"])).toBe("qbqc");
    expect(await ready("queued", 0, 10, 0, [...names])).toBe("");
    expect(await ready("due", 4, 10, 0, ["orders"])).toBe("wbwcwe");
    expect(await ready("due", 5, 2, 0, ["bills", "mails"])).toBe("wawd");
  });

  test("expiring: until a moment, the earliest first, and not those that have begun again", async () => {
    const expiring = async (until: number, limit: number): Promise<string> =>
      (await at.store.expiring(until, limit)).map(({ id }) => id).join("");
    const times = { a: 30, b: 10, c: null, d: 20 };
    const [, b = 0, , d = 0] = await at.writer.create(
      ...Object.entries(times).map(([id, expiresAt]) => sampleInstance(id, { status: "complete", expiresAt })),
    );
    expect(await expiring(20, 10)).toBe("bd");
    expect(await expiring(20, 1)).toBe("b");
    expect(await expiring(9, 10)).toBe("");
    await at.writer.commit({ appends: [sampleChange(d, 2, "complete", "queued")], removes: [b] });
    expect(await expiring(100, 10)).toBe("a");
  });

  test("the next timer is the earliest one of those that are waiting and later", async () => {
    expect(await at.store.nextWake(0)).toBeUndefined();
    const [, b = 0] = await at.writer.create(
      sampleInstance("a", { status: "waiting", wakeAt: 30 }),
      sampleInstance("b", { status: "waiting", wakeAt: 20 }),
      sampleInstance("c", { status: "waiting" }),
      sampleInstance("d", { status: "paused", wakeAt: 10 }),
    );
    expect(await at.store.nextWake(0)).toBe(20);
    expect(await at.store.nextWake(20)).toBe(30);
    expect(await at.store.nextWake(30)).toBeUndefined();
    await at.writer.commit({ appends: [sampleChange(b, 2, "waiting", "running")] });
    expect(await at.store.nextWake(0)).toBe(30);
  });
}
