/**
 * The messages of instances, in a file of their own beside the database: writing there delays no commit, and the file may be
 * deleted. A row holds the messages of one instance that were written at once. The file is made with the first message.
 */
import { existsSync } from "node:fs";
import { LIMITS } from "../../../model/limits.ts";
import type { Append, KeptLines, LogLine, LogStore, StoredLine } from "../../../ports/logs/instance-logs.ts";
import { checkFile, connectLogs, transaction, type Database, type Statement } from "../connection/database.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS logs (
    instance INTEGER PRIMARY KEY,
    last INTEGER NOT NULL,   -- the number of the newest message
    count INTEGER NOT NULL,  -- messages that are kept, and their characters
    size INTEGER NOT NULL
  );
  CREATE TABLE IF NOT EXISTS log_lines (
    instance INTEGER NOT NULL,
    first INTEGER NOT NULL,  -- the number of the first message
    lines TEXT NOT NULL,     -- messages, as a JSON array
    PRIMARY KEY (instance, first)
  ) WITHOUT ROWID;
`;

/** What is known of the messages of an instance. */
interface Totals {
  readonly last: number;
  readonly count: number;
  readonly size: number;
}

const NOTHING: Totals = { last: 0, count: 0, size: 0 };

type Name = "totals" | "setTotals" | "insert" | "oldest" | "drop" | "read" | "removeLines" | "removeTotals";

interface Open {
  readonly db: Database;
  readonly statements: Readonly<Record<Name, Statement>>;
}

export class SqliteLogs implements LogStore {
  readonly #file: string;
  readonly #exists: (pk: number) => boolean;
  #open: Open | undefined;

  /** `exists` tells whether there is an instance. */
  constructor(file: string, exists: (pk: number) => boolean) {
    this.#file = file;
    this.#exists = exists;
  }

  append(appends: readonly Append[]): Promise<void> {
    const { db, statements } = this.#connect();
    transaction(db, () => {
      // Looked at here, where nothing comes between: an instance that is deleted later takes these along.
      for (const each of appends) if (this.#exists(each.pk)) appendTo(statements, each);
    });
    return Promise.resolve();
  }

  read(pk: number, after: number): Promise<KeptLines> {
    if (!this.#isThere) return Promise.resolve({ lines: [], dropped: 0 });
    const { totals, read } = this.#connect().statements;
    const { last, count } = (totals.get(pk) as Totals | undefined) ?? NOTHING;
    const rows = read.all(pk, after) as unknown as Row[];
    const lines = rows.flatMap(linesOf).filter(({ n }) => n > after);
    return Promise.resolve({ lines, dropped: last - count });
  }

  /** Forgets instances. Never throws: an instance must not be kept because its messages cannot be deleted. */
  remove(pks: readonly number[]): void {
    if (!this.#isThere) return;
    try {
      const { db, statements } = this.#connect();
      transaction(db, () => {
        for (const pk of pks) if (statements.removeTotals.run(pk).changes > 0) statements.removeLines.run(pk);
      });
    } catch {
      // The next write of a message reports the error of the file.
    }
  }

  close(): void {
    this.#open?.db.close();
    this.#open = undefined;
  }

  get #isThere(): boolean {
    return this.#open !== undefined || existsSync(this.#file);
  }

  #connect(): Open {
    if (this.#open !== undefined && isThere(this.#open.db)) return this.#open;
    this.close();
    const db = connectLogs(this.#file);
    db.exec(SCHEMA);
    return (this.#open = { db, statements: prepare(db) });
  }
}

/** The file may be deleted at any time: then there is another. */
function isThere(db: Database): boolean {
  try {
    checkFile(db);
    return true;
  } catch {
    return false;
  }
}

interface Row {
  readonly first: number;
  readonly lines: string;
}

function linesOf({ first, lines }: Row): StoredLine[] {
  return (JSON.parse(lines) as LogLine[]).map((line, i) => ({ n: first + i, ...line }));
}

function appendTo(statements: Open["statements"], { pk, lines, lost }: Append): void {
  const before = (statements.totals.get(pk) as Totals | undefined) ?? NOTHING;
  const first = before.last + lost + 1;
  statements.insert.run(pk, first, JSON.stringify(lines));
  const count = before.count + lines.length;
  const size = before.size + sizeOf(lines);
  const kept = trim(statements, pk, { last: first + lines.length - 1, count, size });
  statements.setTotals.run(pk, kept.last, kept.count, kept.size);
}

/** Deletes the oldest messages, as many as are too many. */
function trim({ oldest, drop, insert }: Open["statements"], pk: number, totals: Totals): Totals {
  let { count, size } = totals;
  while (count > LIMITS.logLines || size > LIMITS.logText) {
    const row = oldest.get(pk) as unknown as Row;
    const lines = JSON.parse(row.lines) as LogLine[];
    let cut = 0;
    while (cut < lines.length && (count > LIMITS.logLines || size > LIMITS.logText)) {
      size -= lines[cut]?.text.length ?? 0;
      count -= 1;
      cut += 1;
    }
    drop.run(pk, row.first);
    const left = lines.slice(cut);
    if (left.length > 0) insert.run(pk, row.first + cut, JSON.stringify(left));
  }
  return { last: totals.last, count, size };
}

function sizeOf(lines: readonly LogLine[]): number {
  return lines.reduce((sum, { text }) => sum + text.length, 0);
}

function prepare(db: Database): Open["statements"] {
  return {
    totals: db.prepare("SELECT last, count, size FROM logs WHERE instance = ?"),
    setTotals: db.prepare("INSERT OR REPLACE INTO logs (instance, last, count, size) VALUES (?, ?, ?, ?)"),
    insert: db.prepare("INSERT INTO log_lines (instance, first, lines) VALUES (?, ?, ?)"),
    oldest: db.prepare("SELECT first, lines FROM log_lines WHERE instance = ? ORDER BY first LIMIT 1"),
    drop: db.prepare("DELETE FROM log_lines WHERE instance = ? AND first = ?"),
    // The row before may reach beyond `after`.
    read: db.prepare(`SELECT first, lines FROM log_lines WHERE instance = ?1 AND first >= coalesce(
      (SELECT max(first) FROM log_lines WHERE instance = ?1 AND first <= ?2 + 1), 0) ORDER BY first`),
    removeLines: db.prepare("DELETE FROM log_lines WHERE instance = ?"),
    removeTotals: db.prepare("DELETE FROM logs WHERE instance = ?"),
  };
}
