/** Keeps the errors that instances have ended with, and how many there are of each kind, as commits come. */
import type { ErrorSummary } from "../../../model/views/error-summary.ts";
import type { Database } from "../connection/database.ts";

/** The instance that an error is of; workflow and version by the keys of their names. */
interface Errored {
  readonly pk: number;
  readonly workflow: number;
  readonly version: number;
  readonly createdAt: number;
  readonly endedAt: number;
}

export class ErrorWriter {
  readonly #statements: ReturnType<typeof prepare>;

  constructor(db: Database) {
    this.#statements = prepare(db);
  }

  insert(
    { pk, workflow, version, createdAt, endedAt }: Errored,
    { name, message, step, frame, fingerprint }: ErrorSummary,
  ): void {
    const { group, insert, index } = this.#statements;
    const seen = group.get(workflow, fingerprint, endedAt, endedAt, version, name, message, step, frame);
    insert.run(pk, workflow, createdAt, Number(seen?.["pk"]), name, message, step, frame);
    index.run(pk, textOf({ name, message }));
  }

  /** Forgets the error of an instance; one that ended before errors were kept has none. */
  remove(pk: number): void {
    const { remove, unindex, leave, drop } = this.#statements;
    const gone = remove.get(pk);
    if (gone === undefined) return;
    unindex.run(pk);
    const group = Number(gone["error_group"]);
    if (Number(leave.get(group)?.["instances"]) === 0) drop.run(group);
  }
}

/** What is searched of an error. */
function textOf({ name, message }: Pick<ErrorSummary, "name" | "message">): string {
  return `${name}: ${message}`;
}

function prepare(db: Database) {
  return {
    group: db.prepare(
      `INSERT INTO error_groups (workflow, fingerprint, instances, first_seen, last_seen, first_version, name, message, step, frame)
       VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET instances = instances + 1, name = excluded.name, message = excluded.message,
         first_version = iif(excluded.first_seen < first_seen, excluded.first_version, first_version),
         first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen)
       RETURNING pk`,
    ),
    insert: db.prepare(
      "INSERT INTO errors (instance, workflow, created_at, error_group, name, message, step, frame) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    ),
    index: db.prepare("INSERT INTO errors_text (rowid, text) VALUES (?, ?)"),
    remove: db.prepare("DELETE FROM errors WHERE instance = ? RETURNING error_group"),
    unindex: db.prepare("DELETE FROM errors_text WHERE rowid = ?"),
    leave: db.prepare("UPDATE error_groups SET instances = instances - 1 WHERE pk = ? RETURNING instances"),
    drop: db.prepare("DELETE FROM error_groups WHERE pk = ?"),
  };
}
