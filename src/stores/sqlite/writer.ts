/**
 * Commits, on a connection of its own: a batch is one transaction, applied by statements prepared once. The epoch is
 * checked inside the transaction, so that whoever has lost the lease cannot write, however late.
 */
import type { InstanceStatus } from "../../model/status.ts";
import { StoreFenced, type Append, type Batch, type BatchResult, type Lease, type NewInstance } from "../../ports/store.ts";
import { StatusCounts } from "./counts.ts";
import { ChunkWriter } from "./chunks.ts";
import { transaction, type Database, type Statement } from "./database.ts";
import { Names } from "./names.ts";
import { RowWriter } from "./rows.ts";

export class Writer {
  readonly #db: Database;
  readonly #names: Names;
  readonly #counts: StatusCounts;
  readonly #rows: RowWriter;
  readonly #chunks: ChunkWriter;
  readonly #statements: ReturnType<typeof prepare>;
  /** The key of the next instance; whoever writes after another writer is told where that one has got to. */
  nextPk: number;

  constructor(db: Database) {
    this.#db = db;
    this.#names = new Names(db);
    this.#counts = new StatusCounts(db);
    this.#rows = new RowWriter(db);
    this.#chunks = new ChunkWriter(db);
    this.#statements = prepare(db);
    const row = db.prepare("SELECT max(pk) AS last FROM instances").get();
    // Counted here, so that no key is given twice in the life of a process, even after the newest instance was deleted —
    // nor in the next one, as long as something of it is left to sweep.
    this.nextPk = Math.max(Number(row?.["last"] ?? 0), this.#rows.lastVoid(), this.#chunks.lastVoid()) + 1;
  }

  acquire(owner: string): Lease {
    const row = transaction(this.#db, () => this.#statements.acquire.get(owner));
    return { owner, epoch: Number(row?.["epoch"]) };
  }

  commit(batch: Batch, lease: Lease): BatchResult {
    try {
      const result = transaction(this.#db, () => {
        if (this.#statements.holds.get(lease.owner, lease.epoch) === undefined) throw new StoreFenced("The lease is lost");
        const created = batch.creates.map((instance) => this.#create(instance));
        for (const chunk of batch.chunks) this.#chunks.insert(chunk);
        for (const append of batch.appends) this.#append(append);
        for (const pk of batch.removes) this.#remove(pk);
        this.#counts.write();
        const moreRows = this.#rows.sweep();
        return { created, isSweeping: this.#chunks.sweep() || moreRows };
      });
      // Pages of chunks are written once and not looked at again here: kept, they would fill the whole cache.
      if (batch.chunks.length > 0) this.#db.exec("PRAGMA shrink_memory");
      return result;
    } catch (cause) {
      this.#names.forget();
      this.#counts.forget();
      throw cause;
    }
  }

  close(): void {
    this.#db.close();
  }

  #create({ summary, row }: NewInstance): number | "exists" {
    const { status, trigger, createdAt, modifiedAt, startedAt, endedAt, wakeAt, expiresAt } = summary;
    const pk = this.nextPk;
    const workflow = this.#names.keyOf(summary.workflow);
    const version = this.#names.keyOf(summary.versionId);
    const { create } = this.#statements;
    const { changes } = create.run(
      pk,
      workflow,
      summary.id,
      status,
      version,
      trigger,
      createdAt,
      modifiedAt,
      startedAt,
      endedAt,
      wakeAt,
      expiresAt,
    );
    if (changes === 0) return "exists";
    this.nextPk += 1;
    this.#rows.insert(pk, row);
    this.#counts.add(workflow, status, 1);
    return pk;
  }

  #append({ pk, row, change, restart, voids }: Append): void {
    if (restart === true) {
      this.#rows.void(pk, row.seq);
      this.#chunks.void(pk, 0, row.firstEventId - 1);
    }
    if (voids !== undefined) for (const stream of voids) this.#chunks.void(pk, stream, stream);
    this.#rows.insert(pk, row);
    if (change === undefined) return;
    const { from, to } = change;
    const version = this.#names.keyOf(to.versionId);
    const { status, modifiedAt, startedAt, endedAt, wakeAt, expiresAt } = to;
    const values = [status, version, modifiedAt, startedAt, endedAt, wakeAt, expiresAt];
    const found = this.#statements.change.get(...values, pk, from);
    if (found === undefined) throw new Error(`Instance ${pk} is not ${from}, so it cannot become ${to.status}`);
    if (to.status === from) return;
    const workflow = Number(found["workflow"]);
    this.#counts.add(workflow, from, -1);
    this.#counts.add(workflow, to.status, 1);
  }

  #remove(pk: number): void {
    const gone = this.#statements.remove.get(pk);
    if (gone === undefined) return;
    this.#rows.void(pk, Number.MAX_SAFE_INTEGER);
    this.#chunks.void(pk, 0, Number.MAX_SAFE_INTEGER);
    this.#counts.add(Number(gone["workflow"]), gone["status"] as InstanceStatus, -1);
  }
}

function prepare(db: Database): Record<"acquire" | "holds" | "create" | "change" | "remove", Statement> {
  return {
    acquire: db.prepare("UPDATE lease SET owner = ?, epoch = epoch + 1 RETURNING epoch"),
    holds: db.prepare("SELECT 1 FROM lease WHERE owner = ? AND epoch = ?"),
    create: db.prepare(
      `INSERT INTO instances
         (pk, workflow, id, status, version, trigger_source, created_at, modified_at, started_at, ended_at, wake_at,
          expires_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (workflow, id) DO NOTHING`,
    ),
    change: db.prepare(
      `UPDATE instances SET status = ?, version = ?, modified_at = ?, started_at = ?, ended_at = ?, wake_at = ?, expires_at = ?
       WHERE pk = ? AND status = ? RETURNING workflow`,
    ),
    remove: db.prepare("DELETE FROM instances WHERE pk = ? RETURNING workflow, status"),
  };
}
