/**
 * The chunks of streams, for the writer. Void chunks are recorded as a range of streams in the commit that makes them void, and
 * deleted a few a commit: a stream of a gigabyte must not delay other commits.
 */
import type { Chunk } from "../../../ports/instances/commit.ts";
import type { Database } from "../connection/database.ts";

/** Chunks that one commit deletes. Each of them is dozens of pages to put on the list of free ones. */
const SWEEP = 16;

export class ChunkWriter {
  readonly #statements: ReturnType<typeof prepare>;

  constructor(db: Database) {
    this.#statements = prepare(db);
  }

  insert({ pk, stream, index, bytes }: Chunk): void {
    this.#statements.insert.run(pk, stream, index, bytes);
    // Let go at once: garbage of this size would pile up for dozens of megabytes before it is collected.
    bytes.buffer.transfer(0);
  }

  /** The streams from `first` to `last` of an instance are to be deleted. Nothing is written when there are none. */
  void(pk: number, first: number, last: number): void {
    this.#statements.void.run(pk, first, last, pk, first, last);
  }

  /** Deletes a few void chunks; true when there are more. */
  sweep(): boolean {
    const { next, drop, forget } = this.#statements;
    let room = SWEEP;
    for (;;) {
      const range = next.get();
      if (range === undefined) return false;
      if (room === 0) return true;
      const { id = 0, instance = 0, first = 0, last = 0 } = range as Record<string, number>;
      const dropped = Number(drop.run(instance, first, last, room).changes);
      if (dropped < room) forget.run(id);
      room -= dropped;
    }
  }

  /** The highest key of an instance that was deleted and has chunks left; 0 when there is none. */
  lastVoid(): number {
    return Number(this.#statements.lastVoid.get()?.["last"] ?? 0);
  }
}

function prepare(db: Database) {
  return {
    insert: db.prepare("INSERT INTO blobs (instance, stream, chunk, bytes) VALUES (?, ?, ?, ?)"),
    void: db.prepare(
      `INSERT INTO void_streams (instance, first, last)
       SELECT ?, ?, ? WHERE EXISTS (SELECT 1 FROM blobs WHERE instance = ? AND stream BETWEEN ? AND ?)`,
    ),
    next: db.prepare("SELECT id, instance, first, last FROM void_streams LIMIT 1"),
    drop: db.prepare(
      "DELETE FROM blobs WHERE id IN (SELECT id FROM blobs WHERE instance = ? AND stream BETWEEN ? AND ? LIMIT ?)",
    ),
    forget: db.prepare("DELETE FROM void_streams WHERE id = ?"),
    lastVoid: db.prepare("SELECT max(instance) AS last FROM void_streams"),
  };
}
