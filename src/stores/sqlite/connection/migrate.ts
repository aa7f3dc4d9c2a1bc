/**
 * Brings a database to the newest version of the schema: forward only, one transaction a version. The version is kept in SQLite's
 * `user_version`; `application_id` marks the file as ours, so that no other program's database is ever written to.
 */
import { Failure } from "../../../model/failures/failure.ts";
import { transaction, type Database } from "./database.ts";
import { schema0001 } from "../schema/0001.ts";
import { schema0002 } from "../schema/0002.ts";
import { schema0003 } from "../schema/0003.ts";
import { schema0004 } from "../schema/0004.ts";
import { schema0005 } from "../schema/0005.ts";
import { schema0006 } from "../schema/0006.ts";
import { schema0007 } from "../schema/0007.ts";
import { schema0008 } from "../schema/0008.ts";
import { schema0009 } from "../schema/0009.ts";
import { schema0010 } from "../schema/0010.ts";
import { schema0011 } from "../schema/0011.ts";
import { schema0012 } from "../schema/0012.ts";

/** The n-th entry leads from version n to version n + 1. */
const MIGRATIONS: readonly string[] = [
  schema0001,
  schema0002,
  schema0003,
  schema0004,
  schema0005,
  schema0006,
  schema0007,
  schema0008,
  schema0009,
  schema0010,
  schema0011,
  schema0012,
];

/** The version of the schema that this code reads and writes. */
export const SCHEMA_VERSION: number = MIGRATIONS.length;

/** "step", as the four bytes that SQLite has room for. */
const APPLICATION_ID = 0x73746570;

/** Brings a database up to date. Fails with `store.newer` or `store.foreign`, having changed nothing. */
export function migrate(db: Database, file: string, migrations: readonly string[] = MIGRATIONS): void {
  const version = recognise(db, file, migrations.length);
  // Once for the life of the file, and not possible within a transaction.
  db.exec("PRAGMA journal_mode = WAL");
  migrations.forEach((sql, from) => {
    if (from < version) return;
    transaction(db, () => db.exec(`${sql}; PRAGMA user_version = ${from + 1}; PRAGMA application_id = ${APPLICATION_ID}`));
  });
}

/** The version that a database of ours has; 0 for an empty file. Fails with `store.newer` or `store.foreign`. */
export function recognise(db: Database, file: string, newest: number = SCHEMA_VERSION): number {
  const version = pragma(db, "user_version");
  const application = pragma(db, "application_id");
  const isEmpty = db.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined;
  if (application !== APPLICATION_ID && !(isEmpty && application === 0 && version === 0)) {
    throw new Failure("store.foreign", { detail: `${file} belongs to another program.` });
  }
  if (version > newest) throw new Failure("store.newer", { detail: newer(file, version, newest) });
  return version;
}

function newer(file: string, version: number, newest: number): string {
  return (
    `The database ${file} has schema version ${version}, and this stepwell knows versions up to ${newest}. ` +
    "Start the newer stepwell that wrote it, or put back a copy of the data from before the upgrade."
  );
}

function pragma(db: Database, name: "user_version" | "application_id"): number {
  const row = db.prepare(`PRAGMA ${name}`).get();
  return Number(row?.[name]);
}
