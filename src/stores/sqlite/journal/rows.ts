/**
 * The rows of the journal, for the writer. Rows become void when their instance is deleted or restarted. They are recorded by the
 * commit that makes them void, and deleted a few a commit: a journal of fifty thousand rows must not delay other commits.
 */
import type { JournalRow } from "../../../ports/instances/commit.ts";
import type { Database } from "../connection/database.ts";

/** Rows of an instance that the commit itself deletes: most journals are no longer, and there may be hundreds in one commit. */
const AT_ONCE = 64;

/** Rows that every commit deletes of what is left: as many as a large one writes. */
const SWEEP = 256;

export class RowWriter {
  readonly #statements: ReturnType<typeof prepare>;

  constructor(db: Database) {
    this.#statements = prepare(db);
  }

  insert(pk: number, { seq, firstEventId, events }: JournalRow): void {
    this.#statements.insert.run(pk, seq, firstEventId, events);
  }

  /** The rows of an instance before `below` are to be deleted. A short journal is deleted at once. */
  void(pk: number, below: number): void {
    const { drop, note } = this.#statements;
    if (Number(drop.run(pk, below, AT_ONCE).changes) === AT_ONCE) note.run(pk, below);
  }

  /** Deletes a few void rows; true when there may be more. */
  sweep(): boolean {
    const { next, drop, forget } = this.#statements;
    const found = next.get();
    if (found === undefined) return false;
    const { instance = 0, below = 0 } = found as Record<string, number>;
    if (Number(drop.run(instance, below, SWEEP).changes) < SWEEP) forget.run(instance);
    return true;
  }

  /** The highest key of an instance that has void rows left; 0 when there is none. */
  lastVoid(): number {
    return Number(this.#statements.lastVoid.get()?.["last"] ?? 0);
  }
}

function prepare(db: Database) {
  return {
    insert: db.prepare("INSERT INTO journal (instance, seq, first_event_id, events) VALUES (?, ?, ?, ?)"),
    note: db.prepare(
      "INSERT INTO void_rows (instance, below) VALUES (?, ?) ON CONFLICT DO UPDATE SET below = max(below, excluded.below)",
    ),
    next: db.prepare("SELECT instance, below FROM void_rows LIMIT 1"),
    drop: db.prepare("DELETE FROM journal WHERE id IN (SELECT id FROM journal WHERE instance = ? AND seq < ? LIMIT ?)"),
    forget: db.prepare("DELETE FROM void_rows WHERE instance = ?"),
    lastVoid: db.prepare("SELECT max(instance) AS last FROM void_rows"),
  };
}
