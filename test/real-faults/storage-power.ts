/**
 * Records what workerd writes for KV, D1, R2 and Durable Objects, and looks at what a power loss may leave of it: rows of D1 and
 * objects are there once they are acknowledged, as are the entries of KV and R2. Bytes of their values are not flushed, and counted here.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { randomFrom, seedFor } from "../support/random.ts";
import { makeProject, startServer } from "../support/server.ts";
import { Disk, LOSSES } from "./preload/disk.ts";
import type { Kept } from "./storm/ledger.ts";
import { workerdRig } from "./preload/library.ts";
import { SCRATCH } from "./power-loss.ts";
import type { Suite } from "./suite.ts";
import { readTrace, type Entry } from "./preload/trace.ts";
import { project } from "./storm/worker.ts";

const KINDS = ["kv", "d1", "r2", "object"] as const;
const ROUNDS = 40;
/** Of the time of the part, how much the recording may take. */
const RECORDING = 0.4;

/** However little time there is. */
const LEAST_STATES = 30;

/** Something acknowledged, with how long the trace was then. */
interface KeptAt extends Kept {
  readonly traceBytes: number;
}

export async function storagePower(suite: Suite): Promise<void> {
  const began = performance.now();
  const folder = mkdtempSync(join(tmpdir(), "stepwell-faults-"));
  const [data, trace] = [join(folder, "data"), join(folder, "trace")];
  mkdirSync(data);
  const made = await makeProject(project("workerd", { url: "", file: "" }));
  const server = await startServer(
    ["dev", made.folder, "--port", "0", "--data", data],
    workerdRig(suite.library, folder, data, trace).env,
  );
  const kept: KeptAt[] = [];
  try {
    for (let round = 0; round < ROUNDS && (round < 4 || performance.now() - began < suite.forMs * RECORDING); round += 1) {
      for (const kind of KINDS) {
        const [id, token] = [String(round), `token-${round}`];
        const response = await fetch(`${server.url}/workers/faults/`, {
          method: "POST",
          body: JSON.stringify({ kind, id, made: token }),
        });
        if (response.ok) kept.push({ kind, id, token, traceBytes: statSync(trace).size });
      }
    }
    // Not `stop`: it would copy the logs to the databases.
    await server.kill();
    suite.check("bindings keep values", kept.length > 0 && kept.length % KINDS.length === 0, `${kept.length} values`);
    const bytes = readFileSync(trace);
    const random = randomFrom(seedFor(suite.seed, "storage power"));
    const honest = crash(suite, bytes, kept, { random, untilMs: began + suite.forMs * 0.9, syncs: undefined });
    suite.add("states checked", honest.states);
    suite.add("acknowledged operations", kept.length);
    suite.add("KV and R2 values in these states", honest.values);
    suite.add("of which the bytes were lost", honest.lostValues);
    suite.check(
      "every state has all entries that were acknowledged, whole",
      honest.wrong.length === 0,
      honest.wrong.slice(0, 3).join("; "),
    );
    const twin = crash(suite, bytes, kept, { random, untilMs: performance.now() + suite.forMs * 0.1, syncs: "ignored" });
    suite.check("planted fault, a disk that ignores syncs: it is found", twin.wrong.length > 0, `not in ${twin.states} states`);
  } finally {
    await server.kill();
    await made.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Crashed {
  readonly wrong: string[];
  states: number;
  values: number;
  lostValues: number;
}

interface CrashOptions {
  readonly random: () => number;
  readonly untilMs: number;
  readonly syncs: "ignored" | undefined;
}

function crash(suite: Suite, trace: Buffer, kept: readonly KeptAt[], { random, untilMs, syncs }: CrashOptions): Crashed {
  const crashed: Crashed = { wrong: [], states: 0, values: 0, lostValues: 0 };
  const entries = positions(trace);
  do {
    const disk = new Disk(syncs === undefined ? {} : { syncs });
    const stride = Math.max(5, Math.ceil(entries.length / 40));
    let next = Math.floor(random() * stride);
    for (const [at, { entry, end }] of entries.entries()) {
      disk.apply(entry);
      if (at !== next) continue;
      next += 1 + Math.floor(random() * 2 * stride);
      const loss = LOSSES[Math.floor(random() * LOSSES.length)] ?? "nothing";
      const known = kept.filter(({ traceBytes }) => traceBytes <= end);
      crashed.states += 1;
      look(
        disk.lose(loss, random),
        known,
        (problem) => crashed.wrong.push(`seed ${suite.seed}, entry ${at}, ${loss}: ${problem}`),
        crashed,
      );
      if (performance.now() > untilMs && crashed.states >= LEAST_STATES) return crashed;
    }
  } while (performance.now() < untilMs || crashed.states < LEAST_STATES);
  return crashed;
}

/** The entries of a trace, with where each ends. */
function positions(trace: Buffer): { readonly entry: Entry; readonly end: number }[] {
  let end = 0;
  return readTrace(trace).map((entry) => {
    end += 24 + trace.readUInt32LE(end + 4);
    return { entry, end };
  });
}

function look(files: ReadonlyMap<string, Buffer>, kept: readonly Kept[], say: (problem: string) => void, crashed: Crashed): void {
  const data = mkdtempSync(join(SCRATCH, "stepwell-faults-"));
  try {
    for (const [path, bytes] of files) {
      mkdirSync(dirname(join(data, path)), { recursive: true });
      writeFileSync(join(data, path), bytes);
    }
    const rows = new Map<string, unknown>();
    for (const path of files.keys()) if (path.endsWith(".sqlite")) readInto(rows, data, path, say);
    for (const { kind, id, token } of kept) {
      const row = rows.get(`${kind} ${id}`);
      if (row === undefined) say(`${kind} ${id} is lost`);
      else if (kind === "d1" && row !== token) say(`d1 ${id} is ${JSON.stringify(row)}`);
      else if (kind === "object" && !Buffer.from(row as Uint8Array).includes(token)) say(`object ${id} is not ${token}`);
      else if (kind === "kv" || kind === "r2") {
        crashed.values += 1;
        const found = readdirSync(data, { recursive: true, encoding: "utf8" }).find((name) => name.endsWith(`/${row as string}`));
        if (found === undefined || !readFileSync(join(data, found), "utf8").startsWith(token)) crashed.lostValues += 1;
      }
    }
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

const TABLES = {
  kept: ["d1", "SELECT id, made AS value FROM kept"],
  _mf_entries: ["kv", "SELECT key AS id, blob_id AS value FROM _mf_entries"],
  _mf_objects: ["r2", "SELECT key AS id, blob_id AS value FROM _mf_objects"],
  _cf_KV: ["object", "SELECT key AS id, value FROM _cf_KV"],
} as const;

/** What a database has under each id. */
function readInto(rows: Map<string, unknown>, data: string, path: string, say: (problem: string) => void): void {
  const db = new DatabaseSync(join(data, path));
  try {
    const found = Object.values(db.prepare("PRAGMA integrity_check").get() ?? {})[0];
    if (found !== "ok") say(`${path} is damaged: ${String(found)}`);
    for (const [table, [kind, sql]] of Object.entries(TABLES)) {
      if (db.prepare("SELECT 1 FROM sqlite_schema WHERE name = ?").get(table) === undefined) continue;
      for (const { id, value } of db.prepare(sql).all()) rows.set(`${kind} ${String(id)}`, value);
    }
  } catch (cause) {
    say(`${path} cannot be read: ${String(cause)}`);
  } finally {
    db.close();
  }
}
