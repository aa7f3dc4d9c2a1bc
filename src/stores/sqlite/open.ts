/** Opens a database file: takes the lock, brings the schema up to date, and hands out store, catalogue and logs. */
import type { Catalog } from "../../ports/catalog/catalog.ts";
import type { InstanceIndex } from "../../ports/instances/instance-index.ts";
import type { JournalStore } from "../../ports/instances/journal-store.ts";
import type { InstanceSearch } from "../../ports/instances/search.ts";
import type { InstanceStatistics } from "../../ports/instances/statistics.ts";
import type { LogStore } from "../../ports/logs/instance-logs.ts";
import type { Store } from "../../ports/store.ts";
import { AdaptiveWriter } from "./journal/adaptive.ts";
import { sqliteCatalog } from "./catalog/catalog.ts";
import { Failure } from "../../model/failures/failure.ts";
import { ask, checkFile, connectReader, connectWriter, tryHold, type Database } from "./connection/database.ts";
import { lockDatabase } from "./connection/lock.ts";
import { migrate, recognise, SCHEMA_VERSION } from "./connection/migrate.ts";
import { SqliteLogs } from "./logs/logs.ts";
import { noticeTable } from "./catalog/subscriptions.ts";
import { Reader } from "./journal/reader.ts";
import { Searches } from "./index/search.ts";
import { Statistics } from "./index/statistics.ts";
import { Writer } from "./journal/writer.ts";
import { opening } from "./connection/own-file.ts";

/** How a database is opened. */
export interface SqliteOptions {
  /**
   * Where commits are written. `adaptive` (the default) writes small ones at once and hands large ones to a thread, which
   * leaves the caller's thread free during the flush. `inline` blocks it for every commit.
   */
  readonly writer?: "adaptive" | "inline";
}

/** What is in a database. All of it is closed with the store. */
export interface OpenedSqlite {
  readonly store: Store;
  readonly catalog: Catalog;
  readonly logs: LogStore;
}

/**
 * Opens the database in a file, which is made if it is not there, like the directories above it. The files next to it
 * that begin with its name belong to it. One process at a time may have it open.
 *
 * Rejects with a `Failure`: `store.locked`, `store.newer`, `store.foreign` or `store.unwritable`. Nothing has changed then.
 */
export async function openSqlite(file: string, options: SqliteOptions = {}): Promise<OpenedSqlite> {
  return opening(file, () => openLocked(file, lockDatabase(file), options));
}

/**
 * Opens the catalogue alone, which is possible while a server has the database open: to make a token for it, say.
 * Rejects with a `Failure` as `openSqlite` does, but not with `store.locked` unless the server is of another version.
 */
export async function openSqliteCatalog(file: string): Promise<{ catalog: Catalog; close(): void }> {
  return opening(file, () => {
    const lock = tryHold(`${file}.lock`);
    const db = connectReader(file);
    const close = (): void => {
      db.close();
      lock?.close();
    };
    try {
      if (lock !== undefined) migrate(db, file);
      else if (recognise(db, file) !== SCHEMA_VERSION)
        throw new Failure("store.locked", { detail: `An older stepwell process has ${file} open. Stop it first.` });
      return { catalog: sqliteCatalog(db), close };
    } catch (cause) {
      close();
      throw cause;
    }
  });
}

function openLocked(file: string, unlock: () => void, { writer = "adaptive" }: SqliteOptions): OpenedSqlite {
  try {
    const db = connectReader(file);
    try {
      migrate(db, file);
      const commits = writer === "inline" ? new Writer(connectWriter(file)) : new AdaptiveWriter(file);
      const reader = new Reader(db);
      const logs = new SqliteLogs(`${file}.logs`, (pk) => reader.has(pk));
      let closed: Promise<void> | undefined;
      const close = async (): Promise<void> => {
        await commits.close();
        logs.close();
        db.close();
        unlock();
      };
      const verify = async (): Promise<void> => checkFile(db);
      const store = {
        ...sqliteStore(commits, reader, logs),
        ...sqliteSearch(db),
        ...noticeTable(db),
        verify,
        close: () => (closed ??= close()),
      };
      return { store, catalog: sqliteCatalog(db), logs };
    } catch (cause) {
      db.close();
      throw cause;
    }
  } catch (cause) {
    unlock();
    throw cause;
  }
}

function sqliteSearch(db: Database): InstanceSearch & InstanceStatistics {
  const searches = new Searches(db);
  const statistics = new Statistics(db);
  return {
    search: async (filter, page) => searches.search(filter, page),
    tally: async (filter, after) => {
      const known = after === undefined ? statistics.known(filter) : undefined;
      return known === undefined ? searches.tally(filter, after) : { count: known, next: undefined };
    },
    errorGroups: async (query) => statistics.errorGroups(query),
    hourly: async (from, workflow) => statistics.hourly(from, workflow),
  };
}

function sqliteStore(
  writer: Writer | AdaptiveWriter,
  reader: Reader,
  logs: SqliteLogs,
): Omit<JournalStore & InstanceIndex, "verify" | "close"> {
  return {
    acquire: async (owner) => ask(() => writer.acquire(owner)),
    commit: async (batch, lease) => {
      const { removes } = batch;
      if (removes.length === 0) return writer.commit(batch, lease);
      // Once before, so that a crash leaves nothing behind, and once after, for what has come in between.
      logs.remove(removes);
      const result = await writer.commit(batch, lease);
      logs.remove(removes);
      return result;
    },
    find: async (workflow, id) => ask(() => reader.find(workflow, id)),
    load: async (pk, afterSeq, maxBytes) => ask(() => reader.load(pk, afterSeq, maxBytes)),
    rows: async (pk, seqs, maxBytes) => ask(() => reader.rows(pk, seqs, maxBytes)),
    chunk: async (pk, stream, index) => ask(() => reader.chunk(pk, stream, index)),
    ready: async (kind, now, limit, after = 0, skip = []) => ask(() => reader.ready(kind, now, limit, after, skip)),
    nextWake: async (after) => ask(() => reader.nextWake(after)),
    expiring: async (until, limit) => ask(() => reader.expiring(until, limit)),
    list: async (query) => ask(() => reader.list(query)),
    beginningWith: async (workflow, idPrefix, limit) => ask(() => reader.beginningWith(workflow, idPrefix, limit)),
    count: async (query, cap) => ask(() => reader.count(query, cap)),
    versionsInUse: async (after, limit) => ask(() => reader.versionsInUse(after, limit)),
    statusCounts: async (workflow) => ask(() => reader.statusCounts(workflow)),
  };
}
