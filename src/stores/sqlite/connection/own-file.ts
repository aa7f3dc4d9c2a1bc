/** Databases in files of their own, beside that of the journal: each is made when it is first written to. */
import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { checkFile, connectReader, openingFailure, unwritable, type Database } from "./database.ts";
import { migrate } from "./migrate.ts";
import { queries, type Queries } from "./queries.ts";

/**
 * Opens a file, which is made, like the directories above it, when it is not there. `settings` are executed then. Throws
 * `Failure`s as `openSqlite` rejects with.
 */
export function openOwn(file: string, migrations: readonly string[], settings = ""): Database {
  return opening(file, () => {
    const db = connectReader(file);
    try {
      migrate(db, file, migrations);
      db.exec(settings);
      return db;
    } catch (cause) {
      db.close();
      throw cause;
    }
  });
}

/** Opens a file in a directory that is made if it is not there; what keeps it from that is thrown as a `Failure`. */
export function opening<T>(file: string, open: () => T): T {
  try {
    if (file !== ":memory:") mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw unwritable(file, cause);
  }
  try {
    return open();
  } catch (cause) {
    throw openingFailure(file, cause);
  }
}

export class OwnFile {
  readonly #file: string;
  readonly #migrations: readonly string[];
  readonly #settings: string;
  #open: { readonly db: Database; readonly queries: Queries } | undefined;

  /** `settings` are executed when it is opened. `:memory:` keeps it in memory. */
  constructor(file: string, migrations: readonly string[], settings = "") {
    this.#file = file;
    this.#migrations = migrations;
    this.#settings = settings;
  }

  /** Its statements; the file is made if it is not there. Throws as `openOwn`. */
  made(): Queries {
    if (this.#open === undefined) {
      const db = openOwn(this.#file, this.#migrations, this.#settings);
      this.#open = { db, queries: queries(db) };
    }
    return this.#open.queries;
  }

  /** Its statements; undefined as long as nothing has been written. */
  known(): Queries | undefined {
    return this.#open === undefined && !existsSync(this.#file) ? undefined : this.made();
  }

  /** Throws a `StoreError` named `gone` when what is open is not any more where it was opened. */
  verify(): void {
    if (this.#open !== undefined) checkFile(this.#open.db);
  }

  close(): void {
    this.#open?.db.close();
    this.#open = undefined;
  }
}
