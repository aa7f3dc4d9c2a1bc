/** Records what the stores write, and opens what a power loss may leave of it at many moments: everything acknowledged is there, whole. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { Failure } from "../../src/model/failures/failure.ts";
import { StoreError } from "../../src/model/failures/store-error.ts";
import { sqliteAudit } from "../../src/stores/sqlite/audit/audit.ts";
import { openSqlite } from "../../src/stores/sqlite/open.ts";
import { SqliteQueues } from "../../src/stores/sqlite/queues/queues.ts";
import { randomFrom, seedFor } from "../support/random.ts";
import { Disk, LOSSES, type DiskOptions } from "./preload/disk.ts";
import { rig } from "./preload/library.ts";
import { STREAM, type Ack, type LoadOptions } from "./acks.ts";
import type { Suite } from "./suite.ts";
import { readTrace, type Entry } from "./preload/trace.ts";

const LOAD = fileURLToPath(new URL("./recorded-load.ts", import.meta.url));
const PLANT = new URL("./plant.ts", import.meta.url).href;
const ROUNDS = 60;
const RECORDING_MS = 120_000;
/** However little time there is. */
const LEAST_STATES = 40;
/** Of the time of the part, how much goes to planted faults. */
const TWINS = 0.15;

/** On a file system in memory if there is one: states are many, and none has to be durable. */
export const SCRATCH: string = statSync("/dev/shm", { throwIfNoEntry: false })?.isDirectory() === true ? "/dev/shm" : tmpdir();

type Recorded = Pick<LoadOptions, "seed" | "writer" | "failedSyncs"> & {
  readonly rounds?: number;
  readonly isPlanted?: boolean;
  /** Syncs that fail are reported as if they had not. */
  readonly isSwallowed?: boolean;
};

export async function powerLoss(suite: Suite): Promise<void> {
  const until = performance.now() + suite.forMs * (1 - 3 * TWINS);
  let recordings = 0;
  for (; performance.now() < until || recordings < 2; recordings += 1) {
    const seed = seedFor(suite.seed, `power ${recordings}`);
    const failedSyncs = recordings % 2 === 0 ? 0 : 0.05;
    const writer = recordings % 4 < 2 ? "adaptive" : "inline";
    const entries = await record(suite, { seed, writer, failedSyncs });
    const forMs = Math.min(suite.forMs * 0.25, 60_000);
    const { states, lost, first, operations } = await crash(entries, { seed, forMs });
    suite.add("states checked", states);
    suite.add("failed syncs", entries.filter(({ type }) => type === "failed sync").length);
    suite.add("acknowledged operations", operations);
    suite.check(
      `recording ${recordings}: every state has all that was acknowledged, whole`,
      lost === 0,
      `${lost} of ${states}: ${first}`,
    );
  }
  suite.add("recordings", recordings);
  await twin(suite, "synchronous=OFF", { failedSyncs: 0, isPlanted: true });
  await twin(suite, "a sync error that is swallowed", { failedSyncs: 0.2, isSwallowed: true });
  await twin(suite, "a disk that ignores syncs", { failedSyncs: 0 }, { syncs: "ignored" });
}

/** A planted fault has to be found. */
async function twin(suite: Suite, name: string, fault: Omit<Recorded, "seed" | "writer">, disk?: DiskOptions): Promise<void> {
  const seed = seedFor(suite.seed, name);
  const entries = await record(suite, { seed, writer: "inline", rounds: ROUNDS / 2, ...fault });
  const { lost, states } = await crash(entries, { seed, forMs: suite.forMs * TWINS, disk, isFirst: true });
  suite.add(`states until ${name} is found`, states);
  suite.check(`planted fault, ${name}: it is found`, lost > 0, `not in ${states} states`);
}

/** Everything that a load has changed, in order. */
async function record(suite: Suite, { isPlanted, isSwallowed, ...about }: Recorded): Promise<Entry[]> {
  const folder = mkdtempSync(join(SCRATCH, "stepwell-faults-"));
  try {
    const data = join(folder, "data");
    mkdirSync(data);
    const { env, control } = rig(suite.library, folder, data, join(folder, "trace"));
    if (isSwallowed === true) control.set("syncsLie", 1);
    const options: LoadOptions = { data, rounds: ROUNDS, rowBytes: 8_000, ...about };
    const args = [...(isPlanted === true ? ["--import", PLANT] : []), LOAD, JSON.stringify(options)];
    const { status, stderr } = spawnSync(process.execPath, args, { env: { ...process.env, ...env }, timeout: RECORDING_MS });
    control.close();
    if (status !== 0) throw new Error(`The recorded load ended with ${status}: ${String(stderr)}`);
    const entries = readTrace(readFileSync(join(folder, "trace")));
    checkRecording(suite, entries, data);
    return entries;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A trace that misses a change would show states that cannot be: played from beginning to end, it gives what is there. */
function checkRecording(suite: Suite, entries: readonly Entry[], data: string): void {
  const disk = new Disk();
  for (const entry of entries) disk.apply(entry);
  const recorded = disk.now();
  const found = readdirSync(data).filter((name) => !/-shm$|\.lock$|^acks$/.test(name));
  const differing = [...new Set([...found, ...recorded.keys()])].filter(
    (name) => !found.includes(name) || recorded.get(name)?.equals(readFileSync(join(data, name))) !== true,
  );
  suite.check("the recording is complete", differing.length === 0, `${differing.join(", ")} differ`);
}

interface CrashOptions {
  readonly seed: number;
  readonly forMs: number;
  readonly disk?: DiskOptions | undefined;
  /** Ends with the first state that lacks something. */
  readonly isFirst?: boolean;
}

interface Crashed {
  readonly states: number;
  readonly lost: number;
  readonly first: string;
  /** Acknowledged at the end of the recording. */
  readonly operations: number;
}

/** Loses power at moments spread over the recording, and checks what is left. */
async function crash(entries: readonly Entry[], { seed, forMs, disk: options, isFirst = false }: CrashOptions): Promise<Crashed> {
  const random = randomFrom(seedFor(seed, "crash"));
  const began = performance.now();
  const crashed = { states: 0, lost: 0, first: "", operations: 0 };
  // Again from the beginning, at other moments, while there is time.
  for (
    let stride = 97;
    performance.now() - began < forMs || crashed.states < LEAST_STATES;
    stride = Math.max(7, Math.ceil(stride / 2))
  ) {
    const disk = new Disk(options);
    const acks: Ack[] = [];
    let next = Math.floor(random() * stride);
    for (const [at, entry] of entries.entries()) {
      disk.apply(entry);
      if (entry.type === "ack") acks.push(JSON.parse(entry.text) as Ack);
      if (at !== next) continue;
      next += 1 + Math.floor(random() * 2 * stride);
      const loss = LOSSES[Math.floor(random() * LOSSES.length)] ?? "nothing";
      const missing = await missingIn(disk.lose(loss, random), acks);
      crashed.states += 1;
      if (missing !== undefined) {
        crashed.lost += 1;
        crashed.first ||= `seed ${seed}, entry ${at}, ${loss}: ${missing}`;
        if (isFirst) return crashed;
      }
      if (performance.now() - began > forMs && crashed.states >= LEAST_STATES) break;
    }
    crashed.operations = Math.max(crashed.operations, acks.filter((ack) => "done" in ack).length);
  }
  return crashed;
}

/** What is wrong with a state; undefined when everything acknowledged is there. */
export async function missingIn(files: ReadonlyMap<string, Buffer>, acks: readonly Ack[]): Promise<string | undefined> {
  const data = mkdtempSync(join(SCRATCH, "stepwell-faults-"));
  try {
    for (const [path, bytes] of files) {
      mkdirSync(dirname(join(data, path)), { recursive: true });
      writeFileSync(join(data, path), bytes);
    }
    return (await wrongIn(data, acks)) ?? damaged(data, files);
  } catch (cause) {
    // What is wrong with the suite itself is no finding.
    if (!(cause instanceof Failure || cause instanceof StoreError)) throw cause;
    return `it cannot be opened: ${String(cause)}`;
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

function damaged(data: string, files: ReadonlyMap<string, Buffer>): string | undefined {
  for (const path of files.keys()) {
    if (!/\.(?:db|logs)$/.test(path)) continue;
    const db = new DatabaseSync(join(data, path));
    const found = Object.values(db.prepare("PRAGMA integrity_check").get() ?? {})[0];
    db.close();
    if (found !== "ok") return `${path} is damaged: ${String(found)}`;
  }
  return undefined;
}

async function wrongIn(data: string, acks: readonly Ack[]): Promise<string | undefined> {
  const expected = expectedOf(acks);
  const { store, catalog } = await openSqlite(join(data, "stepwell.db"), { writer: "inline" });
  const queues = new SqliteQueues(join(data, "queues.db"));
  const audit = sqliteAudit(join(data, "audit.db"));
  try {
    const listed = await store.list({ workflow: "orders", direction: "asc", limit: 10_000 });
    const found = new Map(listed.map((each) => [each.id, each.pk]));
    for (const { ids, last, chunks, pk, fate } of expected.instances.values()) {
      if (fate === "removed" && found.has(ids[0] ?? "")) return `${ids[0]} is back`;
      for (const id of fate === "kept" ? ids : ids.slice(1)) if (!found.has(id)) return `${id} is lost`;
      if (fate !== "kept") continue;
      const rows = await store.load(pk, 0, 1e9);
      if (rows.length < last) return `${ids[0]} has ${rows.length} rows of ${last}`;
      if (rows.some(({ seq, events }, i) => seq !== i + 1 || !Array.isArray(JSON.parse(events))))
        return `${ids[0]} has half a row`;
      for (let chunk = 1; chunk <= chunks; chunk += 1) {
        const bytes = await store.chunk(pk, STREAM, chunk - 1);
        if (bytes === undefined || bytes.some((byte) => byte !== chunk)) return `${ids[0]} lacks chunk ${chunk} of its stream`;
      }
    }
    // Both of one commit, or neither.
    for (const id of found.keys()) {
      const twin = /^i-\d+$/.test(id) ? `${id}-0` : undefined;
      if (twin !== undefined && !found.has(twin)) return `${id} is there without ${twin}`;
    }
    const value = Number((await catalog.setting("n")) ?? 0);
    if (value < expected.setting) return `The setting is ${value}, not ${expected.setting}`;
    const entries = new Set((await audit.list({ limit: 100_000 })).map(({ target }) => target));
    for (const id of expected.audit) if (!entries.has(id)) return `The entry ${id} of the audit log is lost`;
    const pks = await queues.next("q", 1e12, 100_000, []);
    const messages = new Set((await queues.read(pks.map(({ pk }) => pk))).map(({ id }) => id));
    for (const id of expected.messages) if (!messages.has(id)) return `The message ${id} is lost`;
    for (const id of expected.settled) if (messages.has(id)) return `The message ${id} is back`;
    return undefined;
  } finally {
    await store.close();
    await queues.close();
    await audit.close();
  }
}

interface ExpectedInstance {
  readonly ids: readonly string[];
  readonly pk: number;
  last: number;
  chunks: number;
  fate: "kept" | "removed" | "unknown";
}

function expectedOf(acks: readonly Ack[]) {
  const instances = new Map<string, ExpectedInstance>();
  const [messages, settled, audit] = [new Set<string>(), new Set<string>(), new Set<string>()];
  let setting = 0;
  for (const ack of acks) {
    if ("asked" in ack) {
      if (ack.asked === "settle") messages.delete(ack.id);
      else (instances.get(ack.id) as ExpectedInstance).fate = "unknown";
    } else if (ack.done === "create")
      instances.set(ack.ids[0] ?? "", { ids: ack.ids, pk: ack.pk, last: 1, chunks: 0, fate: "kept" });
    else if (ack.done === "rows") (instances.get(ack.id) as ExpectedInstance).last = ack.last;
    else if (ack.done === "chunks") (instances.get(ack.id) as ExpectedInstance).chunks = ack.last;
    else if (ack.done === "remove") (instances.get(ack.id) as ExpectedInstance).fate = "removed";
    else if (ack.done === "setting") setting = ack.value;
    else if (ack.done === "message") messages.add(ack.id);
    else if (ack.done === "settle") settled.add(ack.id);
    else audit.add(ack.id);
  }
  return { instances, messages, settled, audit, setting };
}
