/** Looks for damage in database files, on demand: reading all of a large one takes minutes, so that no start does it. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Problems that are named of each database; there may be one for each page. */
const NAMED = 10;

/** A database of a data directory, and what is wrong with it. */
export interface Examined {
  /** Relative to the directory. */
  readonly file: string;
  readonly problems: readonly string[];
}

/** Every database below a folder. Nothing is changed, and a server may run on it. */
export function* examine(folder: string): Generator<Examined> {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.(?:db|db\.logs|sqlite)$/.test(name),
  );
  for (const file of files.sort()) yield { file, problems: problemsOf(join(folder, file)) };
}

function problemsOf(file: string): string[] {
  let db: DatabaseSync | undefined;
  try {
    // SQLite does not open a database with a log for reading only where it may not make files: then it says so.
    db = new DatabaseSync(file, { readOnly: true, timeout: 10_000 });
    const found = db
      .prepare(`PRAGMA integrity_check(${NAMED})`)
      .all()
      .flatMap((row) => Object.values(row).map(String));
    const problems = found.filter((text) => text !== "ok");
    return [...problems, ...(problems.length > 0 ? [] : unreadable(db))];
  } catch (cause) {
    return [cause instanceof Error ? cause.message : String(cause)];
  } finally {
    db?.close();
  }
}

/** Rows of the journal that are in their place and are not JSON. */
function unreadable(db: DatabaseSync): string[] {
  if (db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'journal'").get() === undefined) return [];
  const rows = db.prepare("SELECT instance, seq FROM journal WHERE NOT json_valid(events) LIMIT ?").all(NAMED);
  return rows.map(({ instance, seq }) => `row ${String(seq)} of the journal of instance ${String(instance)} is not JSON`);
}
