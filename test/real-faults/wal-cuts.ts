/**
 * Cuts the write-ahead log at every byte of its last transactions: what opens is exactly the transactions that are whole, and
 * everything that had been acknowledged when the log was that long.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { seedFor } from "../support/random.ts";
import { rig } from "./preload/library.ts";
import { missingIn, SCRATCH } from "./power-loss.ts";
import type { Ack, LoadOptions } from "./acks.ts";
import type { Suite } from "./suite.ts";
import { readTrace, type Entry } from "./preload/trace.ts";

const LOAD = fileURLToPath(new URL("./recorded-load.ts", import.meta.url));
const HEAD_BYTES = 32;
const FRAME_HEAD_BYTES = 24;
const RECORDING_MS = 60_000;
/** Transactions at whose end everything is checked, however little time there is. */
const LEAST_ENDS = 10;
const OTHERS = ["queues.db", "queues.db-wal", "audit.db", "audit.db-wal"];
const STATE = `SELECT (SELECT count(*) FROM instances) || ' ' || (SELECT count(*) FROM journal) || ' ' ||
  (SELECT coalesce(sum(length(events)), 0) FROM journal) || ' ' || (SELECT group_concat(json) FROM settings) AS state`;

export async function walCuts(suite: Suite): Promise<void> {
  const until = performance.now() + suite.forMs;
  const folder = mkdtempSync(join(SCRATCH, "stepwell-faults-"));
  try {
    const data = join(folder, "data");
    mkdirSync(data);
    const { env } = rig(suite.library, folder, data, join(folder, "trace"));
    const about = { seed: seedFor(suite.seed, "cuts"), rounds: 12, writer: "inline", failedSyncs: 0, rowBytes: 400 } as const;
    const options: LoadOptions = { data, ...about, isCutOff: true };
    spawnSync(process.execPath, [LOAD, JSON.stringify(options)], { env: { ...process.env, ...env }, timeout: RECORDING_MS });
    const files = new Map(["stepwell.db", "stepwell.db-wal", ...OTHERS].map((name) => [name, readFileSync(join(data, name))]));
    const wal = files.get("stepwell.db-wal") as Buffer;
    const acks = acksByLength(readTrace(readFileSync(join(folder, "trace"))));
    const ends = transactionEnds(wal);
    suite.check(
      "the recorded load was cut off with its log",
      ends.length > 10 && ends.at(-1) === wal.length,
      `${ends.length} transactions`,
    );

    // What each number of whole transactions shows.
    const cut = new Cut(files.get("stepwell.db") as Buffer, wal);
    const states = ends.toReversed().map((end) => [end, cut.at(end)] as const);
    const differing = new Set(states.map(([, state]) => state)).size;
    suite.check("most transactions show", differing > ends.length / 2, `${differing} states of ${ends.length} transactions`);
    const wrong: string[] = [];
    for (const end of ends.toReversed()) {
      if (performance.now() > until - suite.forMs / 2 && end < (ends.at(-LEAST_ENDS) ?? 0)) break;
      suite.add("states checked whole", 1);
      const known = acks.filter(({ length }) => length <= end).map(({ ack }) => ack);
      const missing = await missingIn(new Map([...files, ["stepwell.db-wal", wal.subarray(0, end)]]), known);
      if (missing !== undefined) wrong.push(`${end} of ${wal.length} bytes: ${missing}`);
    }
    // From the end towards the beginning, as far as time allows; the last transaction always.
    const bytes = new Cut(files.get("stepwell.db") as Buffer, wal);
    let cuts = 0;
    for (
      let length = wal.length;
      length >= HEAD_BYTES && (performance.now() < until || length >= (ends.at(-2) ?? 0));
      length -= 1
    ) {
      const expected = states.find(([end]) => end <= length)?.[1];
      const found = bytes.at(length);
      if (expected !== undefined && found !== expected)
        wrong.push(`${length} of ${wal.length} bytes: ${found} instead of ${expected}`);
      cuts += 1;
    }
    cut.remove();
    bytes.remove();
    suite.add("cuts", cuts);
    suite.add("transactions", ends.length);
    suite.add("transactions cut at every byte", ends.filter((end) => end > wal.length - cuts).length - 1);
    suite.add("acknowledged operations", acks.filter(({ ack }) => "done" in ack).length);
    suite.check(
      "every cut shows the transactions that are whole",
      wrong.length === 0,
      `${wrong.length}: ${wrong.slice(0, 3).join("; ")}`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A database whose log becomes shorter and shorter. */
class Cut {
  readonly #folder = mkdtempSync(join(SCRATCH, "stepwell-faults-"));
  readonly #file = join(this.#folder, "x.db");

  constructor(database: Buffer, wal: Buffer) {
    writeFileSync(this.#file, database);
    writeFileSync(`${this.#file}-wal`, wal);
  }

  at(length: number): string {
    truncateSync(`${this.#file}-wal`, length);
    // A connection that may not write leaves the log as it is.
    const db = new DatabaseSync(this.#file, { readOnly: true });
    try {
      return String(db.prepare(STATE).get()?.["state"]);
    } catch (cause) {
      return String(cause);
    } finally {
      db.close();
      rmSync(`${this.#file}-shm`, { force: true });
    }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

/** Where in the log each transaction ends: frames that commit have the size of the database in their header. */
function transactionEnds(wal: Buffer): number[] {
  const frame = FRAME_HEAD_BYTES + wal.readUInt32BE(8);
  const ends: number[] = [];
  for (let at = HEAD_BYTES; at + frame <= wal.length; at += frame) if (wal.readUInt32BE(at + 4) !== 0) ends.push(at + frame);
  return ends;
}

/** What was acknowledged, with how long the log was then; nothing of other databases depends on it. */
function acksByLength(entries: readonly Entry[]): { readonly ack: Ack; readonly length: number }[] {
  let [inode, length] = [-1, 0];
  const acks: { ack: Ack; length: number }[] = [];
  for (const entry of entries) {
    if (entry.type === "create" && entry.path === "stepwell.db-wal") inode = entry.inode;
    if (entry.type === "write" && entry.inode === inode) length = Math.max(length, entry.offset + entry.bytes.length);
    if (entry.type !== "ack") continue;
    const ack = JSON.parse(entry.text) as Ack;
    const isOther = "done" in ack ? ["message", "settle", "audit"].includes(ack.done) : ack.asked === "settle";
    acks.push({ ack, length: isOther ? 0 : length });
  }
  return acks;
}
