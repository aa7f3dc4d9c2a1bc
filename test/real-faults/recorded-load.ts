/**
 * A process whose writes are recorded: changes every store of a data directory, and writes a line to the file `acks`, which is
 * recorded among them, for each change before it is asked for and when it is acknowledged. Some syncs fail if that is wanted.
 */
import { openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { sqliteAudit } from "../../src/stores/sqlite/audit/audit.ts";
import { openSqlite } from "../../src/stores/sqlite/open.ts";
import { SqliteQueues } from "../../src/stores/sqlite/queues/queues.ts";
import { sampleInstance, sampleRow, sampleWriter } from "../contracts/store-samples.ts";
import { randomFrom, seedFor } from "../support/random.ts";
import { STREAM, type Ack, type LoadOptions } from "./acks.ts";
import { Control } from "./preload/control.ts";

const CHUNK_BYTES = 12_000;
const QUEUE = "q";
const CROWD = 25;
const KEPT_INSTANCES = 12;

const options = JSON.parse(process.argv[2] ?? "") as LoadOptions;
const { data, seed, rounds, writer, failedSyncs, rowBytes } = options;
const acks = openSync(join(data, "acks"), "a");
const say = (ack: Ack): unknown => writeSync(acks, `${JSON.stringify(ack)}\n`);
const control = failedSyncs > 0 ? new Control(process.env["FAULTS_CONTROL"] ?? "", false) : undefined;

const { store, catalog, logs } = await openSqlite(join(data, "stepwell.db"), writer === undefined ? {} : { writer });
const queues = new SqliteQueues(join(data, "queues.db"));
const audit = sqliteAudit(join(data, "audit.db"));
const { create, commit } = await sampleWriter(store);
const settings = { deliveryDelaySeconds: 0, deliveryPaused: false, retentionSeconds: 60 };
await queues.putQueue({ id: QUEUE, name: QUEUE, createdAt: 0, modifiedAt: 0, settings });

await Promise.all([journal(), settingsAndAudit(), messages()]);
if (options.isCutOff === true) {
  // Small transactions come last.
  for (const value of [rounds + 1, rounds + 2]) {
    await catalog.changeSetting("n", () => String(value));
    say({ done: "setting", value });
  }
  process.kill(process.pid, "SIGKILL");
}
await store.close();
await queues.close();
await audit.close();

/** Does something that may meet a sync that fails; false when it was refused. */
async function tried(random: () => number, work: () => Promise<unknown>): Promise<boolean> {
  if (random() < failedSyncs) control?.set("syncsToFail", 1);
  try {
    await work();
    return true;
  } catch {
    return false;
  }
}

async function journal(): Promise<void> {
  const random = randomFrom(seedFor(seed, "journal"));
  const kept: { id: string; pk: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const id = `i-${round}`;
    // The large ones go to the thread.
    const ids = [id, ...Array.from({ length: random() < 0.2 ? 6 : 1 }, (_, i) => `${id}-${i}`)];
    let pk = 0;
    const isCreated = await tried(random, async () => ([pk = 0] = await create(...ids.map((each) => sampleInstance(each)))));
    if (!isCreated) continue;
    say({ done: "create", ids, pk });
    kept.push({ id, pk });
    for (let last = 2; last < 2 + Math.floor(random() * 4); last += 1) {
      const appends = [{ pk, row: sampleRow(last, Math.ceil(random() * rowBytes)) }];
      if (!(await tried(random, () => commit({ appends })))) break;
      say({ done: "rows", id, last });
    }
    for (let last = 1; last <= Math.floor(random() * 3); last += 1) {
      const chunks = [{ pk, stream: STREAM, index: last - 1, bytes: new Uint8Array(CHUNK_BYTES).fill(last) }];
      if (!(await tried(random, () => commit({ chunks })))) break;
      say({ done: "chunks", id, last });
    }
    await tried(random, () =>
      logs.append([{ pk, lines: [{ time: 1, level: "log", kind: "console", text: id, versionId: "v" }], lost: 0 }]),
    );
    const [oldest] = kept;
    if (kept.length <= KEPT_INSTANCES || oldest === undefined) continue;
    say({ asked: "remove", id: oldest.id });
    if (await tried(random, () => commit({ removes: [oldest.pk] }))) say({ done: "remove", id: oldest.id });
    kept.shift();
  }
}

async function settingsAndAudit(): Promise<void> {
  const random = randomFrom(seedFor(seed, "audit"));
  const entry = (target: string) =>
    ({ at: 1, who: null, method: "POST", action: "a", target, address: "", status: 200, code: null }) as const;
  for (let value = 1; value <= rounds; value += 1) {
    if (await tried(random, () => catalog.changeSetting("n", () => String(value)))) say({ done: "setting", value });
    const id = `a-${value}`;
    if (random() < 0.2) await tried(random, () => audit.add(Array.from({ length: CROWD }, () => entry("crowd"))));
    if (await tried(random, () => audit.add([entry(id)]))) say({ done: "audit", id });
  }
}

async function messages(): Promise<void> {
  const random = randomFrom(seedFor(seed, "queues"));
  for (let round = 0; round < rounds; round += 1) {
    const id = `m-${round}`;
    const message = {
      id,
      sentAt: 1,
      visibleAt: round,
      expiresAt: 1e15,
      contentType: "text",
      body: "x".repeat(rowBytes / 4),
    } as const;
    if (await tried(random, () => queues.add(QUEUE, [message]))) say({ done: "message", id });
    if (random() < 0.4) continue;
    const [next] = await queues.next(QUEUE, 1, 1, []);
    if (next === undefined) continue;
    const [read] = await queues.read([next.pk]);
    say({ asked: "settle", id: read?.id ?? "" });
    if (await tried(random, () => queues.settle({ done: [next.pk], again: [], dead: [] })))
      say({ done: "settle", id: read?.id ?? "" });
  }
}
