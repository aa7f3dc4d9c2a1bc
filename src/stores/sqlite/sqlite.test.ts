import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PLACE_STATUSES, type InstanceStatus } from "../../model/instance/status.ts";
import type { Store } from "../../ports/store.ts";
import { storeContract } from "../../../test/contracts/store.ts";
import { sampleChange, sampleInstance, sampleRow, sampleWriter } from "../../../test/contracts/store-samples.ts";
import { connectWriter } from "./connection/database.ts";
import { SCHEMA_VERSION } from "./connection/migrate.ts";
import { listed } from "./journal/reader.ts";
import { openSqlite } from "./open.ts";
import { schema0001 } from "./schema/0001.ts";

for (const writer of ["inline", "adaptive"] as const) {
  storeContract(`sqlite, ${writer}`, async () => {
    const directory = mkdtempSync(join(tmpdir(), "stepwell-"));
    const { store, catalog, logs } = await openSqlite(join(directory, "x.db"), { writer });
    const close = async (): Promise<void> => {
      await store.close();
      rmSync(directory, { recursive: true });
    };
    return { store, catalog, logs, close };
  });
}

test("small commits and large ones, by two writers, give no key twice, and count as one", async () => {
  const directory = mkdtempSync(join(tmpdir(), "stepwell-"));
  const { store } = await openSqlite(join(directory, "x.db"));
  const { create, commit } = await sampleWriter(store);
  const given = new Set<number>();
  let made = 0;
  for (let turn = 0; turn < 60; turn += 1) {
    // Ten small ones are more than it takes to leave the thread; the large one goes back to it.
    const pks = await create(...Array.from({ length: turn % 12 === 11 ? 20 : 1 }, () => sampleInstance(`i-${(made += 1)}`)));
    expect(pks.filter((pk) => given.has(pk))).toEqual([]);
    for (const pk of pks) given.add(pk);
    // The newest is deleted each time: its key must not come back.
    await commit({ removes: [pks.at(-1) ?? 0] });
  }
  expect(await store.statusCounts("orders")).toEqual({ queued: made - 60 });
  await store.close();
  rmSync(directory, { recursive: true });
});

test("the list of interrupted statuses repeats the condition of its index", () => {
  const db = new DatabaseSync(":memory:");
  db.exec(schema0001);
  const planOf = (statuses: readonly InstanceStatus[]): string =>
    JSON.stringify(
      db.prepare(`EXPLAIN QUERY PLAN SELECT pk FROM instances WHERE status IN (${listed(statuses)}) AND pk > 0`).all(),
    );
  expect(planOf(PLACE_STATUSES)).toContain("instances_interrupted");
  expect(planOf(PLACE_STATUSES.toReversed())).not.toContain("instances_interrupted");
});

test("a database of version 1 keeps its scripts, which have numbers and a deployment then", async () => {
  const directory = mkdtempSync(join(tmpdir(), "stepwell-"));
  const file = join(directory, "x.db");
  const db = new DatabaseSync(file);
  // The marks of migrate.ts: whose file it is, and of which version.
  db.exec(`${schema0001}; PRAGMA user_version = 1; PRAGMA application_id = 1937007984`);
  const insert = db.prepare(
    `INSERT INTO script_versions (id, script, hash, created_at, bindings, compatibility_flags, code) VALUES (?, ?, 'h', 7, ?, '[]', '1;')`,
  );
  const secret = [{ type: "secret_text", name: "KEY", text: "plain" }];
  for (const [id, script] of ["s1:shop", "b1:bank", "s2:shop", "s3:shop"].map((each) => each.split(":")))
    insert.run(id ?? "", script ?? "", JSON.stringify(secret));
  db.exec("INSERT INTO scripts VALUES ('shop', 's2'), ('bank', 'b1')");
  db.close();
  const { store, catalog } = await openSqlite(file);
  const { items } = await catalog.scriptVersions("shop", 0, 9);
  expect(items.map(({ id, number }) => [id, number])).toEqual(["s3", "s2", "s1"].map((id, i) => [id, 3 - i]));
  expect((await catalog.scriptVersionInfo("b1"))?.number).toBe(1);
  expect((await catalog.deployments("shop", 0, 9)).items).toMatchObject([{ versionId: "s2", createdAt: 7, annotations: {} }]);
  expect(await catalog.activeScript("shop")).toEqual({
    id: "s2",
    script: "shop",
    hash: "h",
    code: "1;",
    bindings: secret,
    compatibilityFlags: [],
    createdAt: 7,
  });
  await store.close();
  rmSync(directory, { recursive: true });
});

test("code is stored once, however many versions have it, and goes with the last of them", async () => {
  const directory = mkdtempSync(join(tmpdir(), "stepwell-"));
  const file = join(directory, "x.db");
  const { store, catalog } = await openSqlite(file);
  const script = { script: "shop", hash: "h", sourceMap: "map", bindings: [], compatibilityFlags: [], createdAt: 1 };
  const modules = [{ name: "a.txt", type: "text", content: "x" }] as const;
  await catalog.putScriptVersion({ ...script, id: "s1", code: "1;", modules });
  await catalog.commit([{ type: "version", version: { ...script, id: "s2", code: "1;", modules, hash: "other" } }]);
  await catalog.commit([{ type: "version", version: { ...script, id: "s3", code: "2;" } }]);
  const db = new DatabaseSync(file);
  const codes = (): unknown[] =>
    db
      .prepare("SELECT code FROM script_code ORDER BY code")
      .all()
      .map(({ code }) => code);
  expect(codes()).toEqual(["1;", "2;"]);
  expect(await catalog.scriptVersion("s2")).toEqual({ ...script, id: "s2", code: "1;", modules, hash: "other" });
  await catalog.commit([{ type: "script_removal", script: "shop" }]);
  expect(codes()).toEqual([]);
  db.close();
  await store.close();
  rmSync(directory, { recursive: true });
});

test("a deployment that cannot be stored whole is not stored at all", async () => {
  const directory = mkdtempSync(join(tmpdir(), "stepwell-"));
  const { store, catalog } = await openSqlite(join(directory, "x.db"));
  const script = { script: "shop", hash: "h", code: "", bindings: [], compatibilityFlags: [], createdAt: 1 };
  await catalog.putScriptVersion({ ...script, id: "s1" });
  await catalog.commit([{ type: "version", version: { ...script, id: "s2" } }]);
  const workflow = { id: "w", name: "orders", className: "A", script: "shop", versionId: "v", createdAt: 1, modifiedAt: 1 };
  const version = { id: "v", workflow: "orders", className: "A", scriptVersionId: "s2", createdAt: 1, settings: {} };
  const deployment = { id: "d", script: "shop", versionId: "s2", createdAt: 1, annotations: {} };
  const broken = { ...workflow, name: "bills", className: null as unknown as string };
  const changes = [workflow, broken].map((each) => ({ type: "workflow", workflow: each, version }) as const);
  await expect(catalog.commit([{ type: "deployment", deployment }, ...changes])).rejects.toThrow("NOT NULL");
  expect((await catalog.activeScript("shop"))?.id).toBe("s1");
  expect((await catalog.deployments("shop", 0, 9)).total).toBe(0);
  expect(await catalog.workflow("orders")).toBeUndefined();
  await store.close();
  rmSync(directory, { recursive: true });
});

describe.each(["inline", "adaptive"] as const)("sqlite file, %s", (writer) => {
  let directory: string;
  let file: string;
  const open = async (): Promise<Store> => (await openSqlite(file, { writer })).store;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "stepwell-"));
    file = join(directory, "data", "x.db");
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test("everything is there after it was closed and opened again", async () => {
    const first = await open();
    const { create, commit, lease } = await sampleWriter(first);
    const [a = 0, b = 0, c = 0] = await create(sampleInstance("a"), sampleInstance("b"), sampleInstance("c"));
    await commit({ appends: [sampleChange(a, 2, "queued", "waiting", 50)], removes: [b, c] });
    const summary = await first.find("orders", "a");
    await first.close();

    const second = await open();
    expect(await second.find("orders", "a")).toEqual(summary);
    expect(await second.load(a, 0, 1000)).toEqual([sampleRow(1), sampleRow(2)]);
    expect(await second.statusCounts("orders")).toEqual({ waiting: 1 });
    expect(await second.nextWake(0)).toBe(50);
    const next = await sampleWriter(second);
    expect(next.lease.epoch).toBe(lease.epoch + 1);
    expect(await next.create(sampleInstance("d"))).toHaveLength(1);
    await second.close();
    await second.close();
    await expect(second.commit({ creates: [], chunks: [], appends: [], removes: [] }, next.lease)).rejects.toThrow();
  });

  test("a second opener is refused while the first lives, and welcome afterwards", async () => {
    const first = await open();
    await expect(open()).rejects.toMatchObject({ failure: "store.locked", detail: expect.stringContaining(file) });
    expect(await first.find("orders", "a")).toBeUndefined();
    await first.close();
    await (await open()).close();
  });

  test("commits are flushed to the disk, and reads go on beside them", async () => {
    await (await open()).close();
    const db = connectWriter(file);
    expect(db.prepare("PRAGMA synchronous").get()).toEqual({ synchronous: 2 });
    expect(db.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
    db.close();
  });

  test("a process killed while it commits has lost nothing that was acknowledged as durable", async () => {
    const child = startCommitter(file, writer);
    const acknowledged = await killAfter(child, 200);
    const store = await open();
    expect(acknowledged.length).toBeGreaterThanOrEqual(200);
    for (const line of acknowledged) {
      const { id, pk, seq } = JSON.parse(line) as { id: string; pk: number; seq: number };
      expect(await store.find("orders", id)).toMatchObject({ pk });
      expect(await store.rows(pk, [seq], 1)).toEqual([sampleRow(seq, 400)]);
    }
    const all = await store.list({ workflow: "orders", direction: "asc", limit: 1e9 });
    expect(await store.count({ workflow: "orders" }, 0)).toBe(all.length);
    await store.close();
  });

  test("another process has it until it dies, however it dies", async () => {
    const child = startCommitter(file, writer);
    await killAfter(child, 1, () => expect(open()).rejects.toMatchObject({ failure: "store.locked" }));
    await (await open()).close();
  });
});

describe("sqlite, what is refused", () => {
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "stepwell-"));
    file = join(directory, "x.db");
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function edit(sql: string): void {
    const db = new DatabaseSync(file);
    db.exec(sql);
    db.close();
  }

  test("a schema from the future, by both versions and with a way out; the file stays as it is", async () => {
    await (await openSqlite(file)).store.close();
    edit(`PRAGMA user_version = ${SCHEMA_VERSION + 6}`);
    const detail = expect.stringMatching(new RegExp(`version ${SCHEMA_VERSION + 6}.* ${SCHEMA_VERSION}\\. Start the newer`));
    await expect(openSqlite(file)).rejects.toMatchObject({ failure: "store.newer", detail });
    edit(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    await (await openSqlite(file)).store.close();
  });

  test("another program's database, and what is none", async () => {
    edit("CREATE TABLE theirs (x)");
    await expect(openSqlite(file)).rejects.toMatchObject({ failure: "store.foreign" });
    writeFileSync(file, "Dear diary, ".repeat(1000));
    await expect(openSqlite(file)).rejects.toMatchObject({ failure: "store.foreign" });
  });

  test("a place that cannot be written to", async () => {
    writeFileSync(join(directory, "taken"), "");
    const inFile = openSqlite(join(directory, "taken", "x.db"));
    await expect(inFile).rejects.toMatchObject({ failure: "store.unwritable", detail: expect.stringContaining("taken") });
    mkdirSync(file);
    await expect(openSqlite(file)).rejects.toMatchObject({ failure: "store.unwritable" });
  });
});

/** A process that commits for ever, in twos and threes, and says on its output what has been acknowledged. */
function startCommitter(file: string, writer: string): ChildProcess {
  const script = `
    import { writeSync } from "node:fs";
    import { openSqlite } from ${JSON.stringify(new URL("open.ts", import.meta.url).href)};
    import { sampleInstance, sampleRow, sampleWriter } from ${JSON.stringify(new URL("../../../test/contracts/store-samples.ts", import.meta.url).href)};
    const { store } = await openSqlite(${JSON.stringify(file)}, { writer: ${JSON.stringify(writer)} });
    const { create, commit } = await sampleWriter(store);
    for (let i = 0; ; i += 1) {
      const id = "i" + i;
      const [pk] = await create(sampleInstance(id), sampleInstance("other-" + i));
      await commit({ appends: [2, 3, 4].map((seq) => ({ pk, row: sampleRow(seq, 400) })) });
      writeSync(1, JSON.stringify({ id, pk, seq: 4 }) + "\\n");
    }`;
  return spawn(process.execPath, ["--input-type=module", "--eval", script], { stdio: ["ignore", "pipe", "inherit"] });
}

/** Kills a committer once it has said so many lines (and `before` is done); resolves with every whole line it has said. */
async function killAfter(child: ChildProcess, lines: number, before?: () => Promise<void>): Promise<string[]> {
  let said = "";
  let isReady = false;
  const closed = once(child, "close");
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => reject(new Error("The committer ended by itself")));
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (isReady || said.split("\n").length <= lines) return;
      isReady = true;
      resolve((before?.() ?? Promise.resolve()).finally(() => child.kill("SIGKILL")));
    });
  });
  await closed;
  return said.split("\n").slice(0, -1);
}
