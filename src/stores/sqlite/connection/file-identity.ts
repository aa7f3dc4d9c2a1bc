/**
 * Whether a database is still the file that was opened. SQLite goes on writing to a file that has been deleted or replaced, so
 * that what it calls durable is lost: code that acknowledges a change checks here first.
 */
import { statSync } from "node:fs";
import { StoreError } from "../../../model/failures/store-error.ts";

/** Which file a path leads to. */
interface Identity {
  readonly dev: number;
  readonly ino: number;
}

export class FileIdentity {
  readonly #file: string;
  readonly #wal: string;
  readonly #opened: Identity | undefined;
  /** The write-ahead log is made by the first write, and stays as long as a connection is open. */
  #openedWal: Identity | undefined;

  /** Of a database that has just been opened. */
  constructor(file: string) {
    this.#file = file;
    this.#wal = `${file}-wal`;
    this.#opened = identityOf(file);
    this.#openedWal = identityOf(this.#wal);
  }

  /** Throws a `StoreError` named `gone` when the file is not the one that was opened. Two microseconds, about. */
  check(): void {
    if (!isSame(this.#opened, identityOf(this.#file))) throw gone(this.#file);
  }

  /** As `check`, for the write-ahead log as well, which is not deleted alone. */
  checkAll(): void {
    this.check();
    const wal = identityOf(this.#wal);
    this.#openedWal ??= wal;
    if (!isSame(this.#openedWal, wal)) throw gone(this.#wal);
  }
}

function gone(path: string): StoreError {
  return new StoreError("gone", `${path} has been deleted or replaced while it was open`);
}

function identityOf(path: string): Identity | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

function isSame(one: Identity | undefined, other: Identity | undefined): boolean {
  return one?.ino === other?.ino && one?.dev === other?.dev;
}
