/**
 * The only door to `node:sqlite`: connections with their settings, transactions, and what SQLite's result codes mean to code that
 * opens a store.
 */
import { closeSync, openSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { Failure } from "../../../model/failures/failure.ts";
import type { StoreFault } from "../../../model/failures/store.ts";
import { StoreError } from "../../../model/failures/store-error.ts";
import { FileIdentity } from "./file-identity.ts";

export type Database = DatabaseSync;
export type Statement = StatementSync;

/** SQLite's primary result codes that mean something to a person. */
const CODES = { busy: 5, readOnly: 8, ioError: 10, corrupt: 11, full: 13, cannotOpen: 14, notADatabase: 26 } as const;

/** Which file each connection has opened. */
const identities: WeakMap<Database, FileIdentity> = new WeakMap();

/** How long a connection waits for another one of this process, in milliseconds. Commits last a few. */
const BUSY_MS = 10_000;

/**
 * WAL lets reads go on beside a commit; `synchronous=FULL` flushes every commit, which is what durable means here.
 * SQLite's own checkpoint after every 1,000 pages is kept: letting the log grow longer made no more commits a second,
 * and each checkpoint a longer pause. The tables have no foreign keys, so nothing is spent on looking for them.
 */
function connect(file: string, cacheKib: number): Database {
  makePrivate(file);
  const db = new DatabaseSync(file, { timeout: BUSY_MS, enableForeignKeyConstraints: false });
  try {
    db.exec(`PRAGMA cache_size = -${cacheKib}; PRAGMA temp_store = MEMORY; PRAGMA synchronous = FULL`);
  } catch (cause) {
    db.close();
    throw cause;
  }
  identities.set(db, new FileIdentity(file));
  return db;
}

const WRITER_CACHE_KIB = 64 * 1024;
const READER_CACHE_KIB = 16 * 1024;
const LOGS_CACHE_KIB = 2 * 1024;

/** The connection that commits go through. */
export function connectWriter(file: string): Database {
  return connect(file, WRITER_CACHE_KIB);
}

/** The connection for everything else: reads, and the catalogue. */
export function connectReader(file: string): Database {
  return connect(file, READER_CACHE_KIB);
}

/** The connection to a file that may be lost: no write waits for the disk, but after a crash the file is still whole. */
export function connectLogs(file: string): Database {
  const db = connect(file, LOGS_CACHE_KIB);
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  return db;
}

/** Makes a file that is not there yet, for its owner alone. Files that SQLite puts beside it have the same rights. */
function makePrivate(file: string): void {
  if (file === ":memory:") return;
  try {
    // Never one that is there: to close it would drop the locks that this process has on it.
    closeSync(openSync(file, "wx", 0o600));
  } catch {
    // It is there, or SQLite will say why it cannot be.
  }
}

/**
 * Holds a file as long as the process lives or until `close`; undefined when another process holds it. The OS releases it after
 * any crash.
 */
export function tryHold(file: string): Database | undefined {
  makePrivate(file);
  const db = new DatabaseSync(file, { timeout: 0 });
  try {
    db.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return db;
  } catch (cause) {
    db.close();
    if (sqliteCode(cause) === CODES.busy) return undefined;
    throw cause;
  }
}

/** Does the work in one transaction, and takes all of it back when it throws. What is done is in the file that was opened. */
export function transaction<T>(db: Database, work: () => T): T {
  try {
    db.exec("BEGIN IMMEDIATE");
    const result = work();
    db.exec("COMMIT");
    identities.get(db)?.check();
    return result;
  } catch (cause) {
    rollBack(db);
    throw inStoreTerms(cause);
  }
}

/** After some errors SQLite has rolled back already; and where that fails as well, what was wrong first is what counts. */
function rollBack(db: Database): void {
  try {
    if (db.isTransaction) db.exec("ROLLBACK");
  } catch {
    // The next transaction says so.
  }
}

/** Throws a `StoreError` named `gone` when the connection's file, or its write-ahead log, is not the one that was opened. */
export function checkFile(db: Database): void {
  identities.get(db)?.checkAll();
}

/** Does what needs no transaction of its own. Throws SQLite's errors as `StoreError`s. */
export function ask<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw inStoreTerms(cause);
  }
}

/** An error of SQLite as a `StoreError`; any other as it is. */
function inStoreTerms(cause: unknown): unknown {
  if (cause instanceof StoreError || sqliteCode(cause) === undefined) return cause;
  return new StoreError(faultOf(cause), cause instanceof Error ? cause.message : String(cause), { cause });
}

function faultOf(cause: unknown): StoreFault {
  switch (sqliteCode(cause)) {
    case CODES.full:
      return "full";
    case CODES.readOnly:
      return "read_only";
    case CODES.ioError:
    case CODES.cannotOpen:
      return "io";
    // Reads that the disk refuses are among these.
    case CODES.corrupt:
    case CODES.notADatabase:
      return "damaged";
    default:
      return "failed";
  }
}

/** What keeps a file from being used as a database, as a `Failure`; any other error is handed back as it is. */
export function openingFailure(file: string, cause: unknown): unknown {
  switch (sqliteCode(cause)) {
    case CODES.readOnly:
    case CODES.cannotOpen:
    case CODES.ioError:
    case CODES.full:
      return unwritable(file, cause);
    case CODES.corrupt:
      return new Failure("store.damaged", { detail: `The database ${file} is damaged.`, cause });
    case CODES.notADatabase:
      return new Failure("store.foreign", { detail: `${file} is not a database.`, cause });
    default:
      return cause;
  }
}

/** The directory or file cannot be written to; the cause says why. */
export function unwritable(file: string, cause: unknown): Failure {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Failure("store.unwritable", { detail: `The database ${file} cannot be opened for writing: ${reason}.`, cause });
}

function sqliteCode(cause: unknown): number | undefined {
  if (cause instanceof StoreError) return sqliteCode(cause.cause);
  if (!(cause instanceof Error) || !("errcode" in cause) || typeof cause.errcode !== "number") return undefined;
  // The upper bits tell variants of one code apart.
  return cause.errcode & 0xff;
}
