/** What a database that cannot be written to says: by SQLite's own codes, on real files. */
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Store } from "../../ports/store.ts";
import { Failure } from "../../model/failures/failure.ts";
import { StoreError } from "../../model/failures/store-error.ts";
import type { Lease } from "../../ports/instances/journal-store.ts";
import { sampleInstance } from "../../../test/contracts/store-samples.ts";
import { sqliteAudit } from "./audit/audit.ts";
import { examine } from "./connection/damage.ts";
import { connectWriter, type Database } from "./connection/database.ts";
import { openSqlite, type OpenedSqlite } from "./open.ts";
import { SqliteQueues } from "./queues/queues.ts";
import { Writer } from "./journal/writer.ts";

let directory: string;
let file: string;
let opened: OpenedSqlite;
let lease: Lease;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "stepwell-"));
  mkdirSync(join(directory, "data"));
  file = join(directory, "data", "x.db");
  opened = await openSqlite(file);
  lease = await opened.store.acquire("test");
});
afterEach(async () => {
  await opened.store.close();
  rmSync(directory, { recursive: true });
});

const EMPTY = { creates: [], chunks: [], appends: [], removes: [] };
const of = (...ids: readonly string[]): Parameters<Store["commit"]>[0] => ({
  ...EMPTY,
  creates: ids.map((id) => sampleInstance(id)),
});

async function faultOf(work: () => unknown): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (cause) {
    return cause instanceof StoreError ? cause.fault : `not a StoreError: ${String(cause)}`;
  }
}

describe("a writer", () => {
  let db: Database;
  let writer: Writer;

  beforeEach(() => {
    db = connectWriter(file);
    writer = new Writer(db);
  });
  afterEach(() => writer.close());

  const limit = (pages: number): void => db.exec(`PRAGMA max_page_count = ${pages}`);

  test("says that the disk is full as long as it is, also when there is nothing to write", async () => {
    limit(1);
    const many = of(...Array.from({ length: 500 }, (_, i) => `i-${i}`));
    expect(await faultOf(() => writer.commit(many, lease))).toBe("full");
    expect(await faultOf(() => writer.commit(EMPTY, lease))).toBe("full");
    limit(1_000_000);
    expect(await faultOf(() => writer.commit(EMPTY, lease))).toBeUndefined();
    expect(writer.commit(many, lease).created).toHaveLength(500);
    expect(await opened.store.statusCounts("orders")).toEqual({ queued: 500 });
  });

  test("says that the file is read-only", async () => {
    db.exec("PRAGMA query_only = ON");
    expect(await faultOf(() => writer.commit(EMPTY, lease))).toBe("read_only");
    expect(await faultOf(() => writer.commit(of("a"), lease))).toBe("read_only");
    db.exec("PRAGMA query_only = OFF");
    expect(await faultOf(() => writer.commit(of("a"), lease))).toBeUndefined();
  });

  test("leaves nothing behind when it proves that it can write", async () => {
    const count = (): unknown => db.prepare("SELECT (SELECT count(*) FROM blobs) AS blobs, epoch FROM lease").get();
    const before = count();
    writer.commit(EMPTY, lease);
    expect(count()).toEqual(before);
    expect(await faultOf(() => writer.commit(of("a"), lease))).toBeUndefined();
  });
});

describe("a file that is gone", () => {
  const ways = {
    deleted: () => rmSync(join(directory, "data"), { recursive: true }),
    "moved away": () => renameSync(join(directory, "data"), join(directory, "elsewhere")),
    "replaced by another": () => {
      renameSync(join(directory, "data"), join(directory, "elsewhere"));
      mkdirSync(join(directory, "data"));
      writeFileSync(file, "");
    },
    "without its log": () => rmSync(`${file}-wal`),
  };

  // Small commits in a row are written without the thread.
  const cases = [...Object.keys(ways).map((way) => [way, 1] as const), ["deleted", 10] as const] as [keyof typeof ways, number][];

  test.each(cases)("%s after %d commits: acknowledges nothing, and says so when asked", async (way, commits) => {
    const { store } = opened;
    for (let i = 0; i < commits; i += 1) await store.commit(of(`before-${i}`), lease);
    await store.verify();
    ways[way]();
    if (way !== "without its log") expect(await faultOf(() => store.commit(of("after"), lease))).toBe("gone");
    expect(await faultOf(() => store.verify())).toBe("gone");
  });
});

test("the catalogue, queues and audit log acknowledge nothing into a file that is gone", async () => {
  const queues = new SqliteQueues(join(directory, "data", "queues.db"));
  const audit = sqliteAudit(join(directory, "data", "audit.db"));
  const settings = { deliveryDelaySeconds: 0, deliveryPaused: false, retentionSeconds: 60 };
  const queue = { id: "q", name: "q", createdAt: 0, modifiedAt: 0, settings };
  await queues.putQueue(queue);
  await opened.catalog.changeSetting("name", () => "1");
  const entry = { at: 1, who: null, method: "POST", action: "a", target: "", address: "", status: 200, code: null };
  await audit.add([entry]);
  rmSync(join(directory, "data"), { recursive: true });
  expect(await faultOf(() => opened.catalog.changeSetting("name", () => "2"))).toBe("gone");
  expect(await faultOf(() => queues.putQueue(queue))).toBe("gone");
  expect(await faultOf(() => queues.verify())).toBe("gone");
  expect(await faultOf(() => audit.add([entry]))).toBe("gone");
  expect(await faultOf(() => audit.verify())).toBe("gone");
  await queues.close();
  await audit.close();
});

test("a damaged page is named as such, by a store that has it open and by one that is opened", async () => {
  await opened.store.commit(of(...Array.from({ length: 400 }, (_, i) => `i-${i}`)), lease);
  await opened.store.close();
  expect([...examine(join(directory, "data"))].flatMap(({ problems }) => problems)).toEqual([]);
  const bytes = readFileSync(file);
  const size = bytes.readUInt16BE(16);
  // All but the first, which has the schema.
  writeFileSync(file, bytes.fill(0xa5, size));
  expect([...examine(join(directory, "data"))]).toContainEqual({
    file: "x.db",
    problems: expect.arrayContaining([expect.any(String)]) as unknown,
  });
  const damaged = await openSqlite(file, { writer: "inline" }).catch((cause: unknown) => cause);
  if (damaged instanceof Failure) expect(damaged.failure).toBe("store.damaged");
  else {
    const { store } = damaged as OpenedSqlite;
    expect(await faultOf(() => store.statusCounts("orders"))).toBe("damaged");
    await store.close();
  }
  writeFileSync(file, bytes.fill(0xa5, 100));
  await expect(openSqlite(file)).rejects.toMatchObject({ failure: "store.damaged" });
});

test("messages of instances go to another file when theirs is deleted", async () => {
  const { store, logs } = opened;
  const [pk] = (await store.commit(of("a"), lease)).created;
  const append = {
    pk: Number(pk),
    lines: [{ time: 1, level: "log", kind: "console", text: "x", versionId: "v" }],
    lost: 0,
  } as const;
  await logs.append([append]);
  rmSync(`${file}.logs`);
  await logs.append([append]);
  expect((await logs.read(Number(pk), 0)).lines).toHaveLength(1);
});
