/**
 * Commits, on a connection of its own: a batch is one transaction, applied by statements prepared once. The epoch is checked
 * inside the transaction, so that a process that has lost the lease cannot write, however late.
 */
import type { InstanceStatus } from "../../../model/instance/status.ts";
import { StoreError } from "../../../model/failures/store-error.ts";
import type { Append, Batch, BatchResult, NewInstance } from "../../../ports/instances/commit.ts";
import type { Lease } from "../../../ports/instances/journal-store.ts";
import { StatusCounts } from "../index/counts.ts";
import { ChunkWriter } from "./chunks.ts";
import { transaction, type Database } from "../connection/database.ts";
import { ErrorWriter } from "../index/errors.ts";
import { HourlyCounts } from "../index/hourly.ts";
import { Names } from "../index/names.ts";
import { NoticeWriter } from "../catalog/subscriptions.ts";
import { RowWriter } from "./rows.ts";

export class Writer {
  readonly #db: Database;
  readonly #names: Names;
  readonly #counts: StatusCounts;
  readonly #hourly: HourlyCounts;
  readonly #errors: ErrorWriter;
  readonly #notices: NoticeWriter;
  readonly #rows: RowWriter;
  readonly #chunks: ChunkWriter;
  readonly #statements: ReturnType<typeof prepare>;
  /** The key of the next instance; set to the other writer's when the writers alternate. */
  nextPk: number;

  constructor(db: Database) {
    this.#db = db;
    this.#names = new Names(db);
    this.#counts = new StatusCounts(db);
    this.#hourly = new HourlyCounts(db);
    this.#errors = new ErrorWriter(db);
    this.#notices = new NoticeWriter(db);
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
        if (this.#statements.holds.get(lease.owner, lease.epoch) === undefined)
          throw new StoreError("fenced", "Another process has taken the lease");
        const created = batch.creates.map((instance) => this.#create(instance));
        for (const chunk of batch.chunks) this.#chunks.insert(chunk);
        for (const append of batch.appends) this.#append(append);
        for (const pk of batch.removes) this.#remove(pk);
        this.#counts.write();
        this.#hourly.write();
        const moreRows = this.#rows.sweep();
        const isSweeping = this.#chunks.sweep() || moreRows;
        if (isEmpty(batch) && !isSweeping) this.#prove(lease);
        return { created, isSweeping };
      });
      // Pages of chunks are written once and not looked at again here: kept, they would fill the whole cache.
      if (batch.chunks.length > 0) this.#db.exec("PRAGMA shrink_memory");
      return result;
    } catch (cause) {
      this.#names.forget();
      this.#counts.forget();
      this.#hourly.forget();
      throw cause;
    }
  }

  close(): void {
    this.#db.close();
  }

  /** Writes something that changes nothing: takes as much room as a commit might, and puts a page into the log. */
  #prove({ epoch }: Lease): void {
    const { fill, empty, touch } = this.#statements;
    fill.run(PROOF_BYTES);
    empty.run();
    touch.run(epoch + 1);
    touch.run(epoch);
  }

  #create({ summary, row, error, notices }: NewInstance): number | "exists" {
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
    if (notices !== undefined) this.#notices.insert(notices);
    this.#counts.add(workflow, status, 1);
    this.#hourly.created(workflow, createdAt);
    this.#hourly.ended(workflow, status, endedAt);
    if (error !== undefined) this.#errors.insert({ pk, workflow, version, createdAt, endedAt: endedAt ?? modifiedAt }, error);
    return pk;
  }

  #append({ pk, row, change, restart, voids, notices }: Append): void {
    if (restart === true) {
      this.#rows.void(pk, row.seq);
      this.#chunks.void(pk, 0, row.firstEventId - 1);
    }
    if (voids !== undefined) for (const stream of voids) this.#chunks.void(pk, stream, stream);
    this.#rows.insert(pk, row);
    if (notices !== undefined) this.#notices.insert(notices);
    if (change === undefined) return;
    const { from, to, error } = change;
    const { status, modifiedAt, startedAt, endedAt, wakeAt, expiresAt } = to;
    const found = this.#statements.change.get(status, modifiedAt, startedAt, endedAt, wakeAt, expiresAt, pk, from);
    if (found === undefined) throw new Error(`Instance ${pk} is not ${from}, so it cannot become ${to.status}`);
    const { workflow = 0, version: before, createdAt = 0 } = found as Record<string, number>;
    const version = this.#names.keyOf(to.versionId);
    if (version !== before) this.#statements.move.run(version, pk);
    if (from === "errored") this.#errors.remove(pk);
    if (error !== undefined) this.#errors.insert({ pk, workflow, version, createdAt, endedAt: endedAt ?? modifiedAt }, error);
    if (status !== from || restart === true || error !== undefined) this.#hourly.ended(workflow, status, endedAt);
    if (status === from) return;
    this.#counts.add(workflow, from, -1);
    this.#counts.add(workflow, status, 1);
  }

  #remove(pk: number): void {
    const gone = this.#statements.remove.get(pk);
    if (gone === undefined) return;
    this.#rows.void(pk, Number.MAX_SAFE_INTEGER);
    this.#chunks.void(pk, 0, Number.MAX_SAFE_INTEGER);
    const status = gone["status"] as InstanceStatus;
    if (status === "errored") this.#errors.remove(pk);
    this.#counts.add(Number(gone["workflow"]), status, -1);
  }
}

/** Room that there has to be for commits to count as working, in bytes. */
const PROOF_BYTES = 64 * 1024;

function isEmpty({ creates, chunks, appends, removes }: Batch): boolean {
  return creates.length + chunks.length + appends.length + removes.length === 0;
}

function prepare(db: Database) {
  return {
    // No instance has the key 0.
    fill: db.prepare("INSERT INTO blobs (instance, stream, chunk, bytes) VALUES (0, 0, 0, zeroblob(?))"),
    empty: db.prepare("DELETE FROM blobs WHERE instance = 0"),
    touch: db.prepare("UPDATE lease SET epoch = ?"),
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
      `UPDATE instances SET status = ?, modified_at = ?, started_at = ?, ended_at = ?, wake_at = ?, expires_at = ?
       WHERE pk = ? AND status = ? RETURNING workflow, version, created_at AS createdAt`,
    ),
    // Apart, because what an UPDATE names is taken out of its indexes and put back, changed or not; a version rarely changes.
    move: db.prepare("UPDATE instances SET version = ? WHERE pk = ?"),
    remove: db.prepare("DELETE FROM instances WHERE pk = ? RETURNING workflow, status"),
  };
}
