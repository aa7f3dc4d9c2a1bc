/** Unpacks a history and starts today's server on it, at the time when it was recorded, or a while after. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { vi } from "vitest";
import { startServer, type Running } from "../../src/assembly/compose.ts";
import { readServerOptions } from "../../src/cli/options.ts";
import { Stopping } from "../../src/cli/stopping.ts";
import type { Envelope } from "../support/server.ts";
import { readStory, WORKFLOW, type Story } from "./story.ts";

const RECORDED = fileURLToPath(new URL("recorded", import.meta.url));

/** What time it is for servers, in milliseconds from now. */
let shift = 0;

/** A copy of what an earlier version has written. */
export interface History {
  readonly story: Story;
  readonly data: string;
  /** Starts today's server so long after the recording; it needs a token, as `stepwell serve` does. */
  serve(afterMs: number, executor: "node" | "workerd"): Promise<Upgraded>;
  remove(): void;
}

/** A server on what an earlier version has written. */
export interface Upgraded extends Pick<Running, "url" | "catalog"> {
  /** Calls the REST API below `/accounts/local`. */
  call(method: string, path: string, body?: unknown): Promise<Envelope>;
  /** Calls it for the workflow's instances; `path` begins with a slash, or with a question mark. */
  instances(method: string, path: string, body?: unknown): Promise<Envelope>;
  /** The bytes of a whole output. */
  output(instance: string, step: string): Promise<string>;
  stop(): Promise<void>;
}

/** Names of all histories, the oldest first. */
export function histories(): string[] {
  return readdirSync(RECORDED).toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

/** Copies a history to a folder of its own. Servers live in its time: what it keeps for a week is still there in years. */
export function openHistory(name: string): History {
  const story = readStory(join(RECORDED, name));
  const data = mkdtempSync(join(tmpdir(), "stepwell-upgrade-"));
  execFileSync("tar", ["-xzf", join(RECORDED, name, "data.tar.gz"), "-C", data]);
  const { now } = Date;
  const clock = vi.spyOn(Date, "now").mockImplementation(() => now() + shift);
  return {
    story,
    data,
    serve: (afterMs, executor) => {
      shift = story.recordedAt + afterMs - now();
      return serve(data, story.token, executor);
    },
    remove: () => {
      clock.mockRestore();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** The files of databases that a server of today makes in an empty folder, each with its tables. */
export async function newTables(): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const data = mkdtempSync(join(tmpdir(), "stepwell-new-"));
  await (await serve(data, "", "node")).stop();
  const found = tablesIn(data);
  rmSync(data, { recursive: true });
  return found;
}

/** The tables, indexes and columns of each database in a data directory, whatever words stand between them. */
export function tablesIn(data: string): Readonly<Record<string, readonly unknown[]>> {
  return Object.fromEntries(
    databasesIn(data).map((name) => [name, reading(join(data, name), (db) => TABLES.flatMap((sql) => db.prepare(sql).all()))]),
  );
}

/** What SQLite finds wrong in the databases of a data directory. */
export function faultsIn(data: string): readonly string[] {
  const check = (db: DatabaseSync): unknown[] => db.prepare("PRAGMA integrity_check").all();
  return databasesIn(data).flatMap((name) =>
    reading(join(data, name), check)
      .map((row) => `${name}: ${(row as { integrity_check: string }).integrity_check}`)
      .filter((line) => line !== `${name}: ok`),
  );
}

const TABLES = [
  "SELECT type, name, tbl_name FROM sqlite_schema WHERE name NOT GLOB 'sqlite_*' ORDER BY type, name",
  `SELECT s.name AS tbl, c.name, c.type, c."notnull", c.dflt_value, c.pk FROM sqlite_schema s, pragma_table_info(s.name) c
    WHERE s.name NOT GLOB 'sqlite_*' ORDER BY s.name, c.name`,
];

const databasesIn = (data: string): string[] => readdirSync(data).filter((name) => /\.(db|logs)$/.test(name));

function reading<T>(file: string, read: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return read(db);
  } finally {
    db.close();
  }
}

async function serve(data: string, token: string, executor: string): Promise<Upgraded> {
  const options = readServerOptions(["--port", "0", "--quiet", "--executor", executor]);
  const running = await startServer(options, data, "tokens", new Stopping());
  running.open();
  const send = (path: string, init: RequestInit): Promise<Response> =>
    fetch(`${running.url}/client/v4/accounts/local${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    });
  const call = async (method: string, path: string, body?: unknown): Promise<Envelope> => {
    const response = await send(path, { method, ...(body !== undefined && { body: JSON.stringify(body) }) });
    return { status: response.status, ...((await response.json()) as Omit<Envelope, "status">) };
  };
  const instances = `/workflows/${WORKFLOW}/instances`;
  return {
    url: running.url,
    catalog: running.catalog,
    call,
    instances: (method, path, body) => call(method, `${instances}${path}`, body),
    output: async (instance, step) => (await send(`${instances}/${instance}/step?name=${step}&type=step`, {})).text(),
    stop: () => running.stop(),
  };
}
