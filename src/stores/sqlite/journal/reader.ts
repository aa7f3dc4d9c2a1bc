/** Everything that is asked of the instances and the journal, on a connection that never waits for a commit. */
import { FINAL_STATUSES, PLACE_STATUSES, type InstanceStatus } from "../../../model/instance/status.ts";
import type { InstanceSummary } from "../../../ports/instances/summary.ts";
import type { JournalRow } from "../../../ports/instances/commit.ts";
import type { ListFilter, ListQuery, ReadyKind, VersionsInUse } from "../../../ports/instances/instance-index.ts";
import type { Database } from "../connection/database.ts";
import { type Queries, queries } from "../connection/queries.ts";

const SUMMARY = `SELECT pk,
  (SELECT name FROM names WHERE names.pk = workflow) AS workflow,
  id, status,
  (SELECT name FROM names WHERE names.pk = version) AS versionId,
  trigger_source AS "trigger", created_at AS createdAt, modified_at AS modifiedAt,
  started_at AS startedAt, ended_at AS endedAt, wake_at AS wakeAt, expires_at AS expiresAt
FROM instances`;

const ROW = "SELECT seq, first_event_id AS firstEventId, events FROM journal";

const OF_WORKFLOW = "workflow = (SELECT pk FROM names WHERE name = ?)";

export class Reader {
  readonly #statements: ReturnType<typeof prepare>;
  /** Lists, by what they ask for: which bounds, which direction. */
  readonly #queries: Queries;

  constructor(db: Database) {
    this.#queries = queries(db);
    this.#statements = prepare(db);
  }

  find(workflow: string, id: string): InstanceSummary | undefined {
    return this.#statements.find.get(workflow, id) as InstanceSummary | undefined;
  }

  has(pk: number): boolean {
    return this.#statements.has.get(pk) !== undefined;
  }

  load(pk: number, afterSeq: number, maxBytes: number): JournalRow[] {
    const rows: JournalRow[] = [];
    let bytes = 0;
    for (const row of this.#statements.load.iterate({ pk, after: afterSeq }) as Iterable<unknown> as Iterable<JournalRow>) {
      rows.push(row);
      bytes += row.events.length;
      // A row that is looked at has been read: one too many would be read for nothing.
      if (bytes >= maxBytes) break;
    }
    return rows;
  }

  rows(pk: number, seqs: readonly number[], maxBytes: number): JournalRow[] {
    const found: JournalRow[] = [];
    let bytes = 0;
    for (const seq of seqs) {
      const row = this.#statements.row.get(pk, seq) as JournalRow | undefined;
      if (row === undefined) continue;
      found.push(row);
      bytes += row.events.length;
      if (bytes >= maxBytes) break;
    }
    return found;
  }

  chunk(pk: number, stream: number, index: number): Uint8Array<ArrayBuffer> | undefined {
    return this.#statements.chunk.get(pk, stream, index)?.["bytes"] as Uint8Array<ArrayBuffer> | undefined;
  }

  ready(kind: ReadyKind, now: number, limit: number, after: number, skip: readonly string[]): InstanceSummary[] {
    const statement = this.#statements[kind];
    if (kind === "interrupted") return statement.all(after, limit) as unknown as InstanceSummary[];
    const query = { limit, skip: JSON.stringify(skip), ...(kind === "due" && { now }) };
    return statement.all(query) as unknown as InstanceSummary[];
  }

  versionsInUse(after: number, limit: number): VersionsInUse {
    const rows = this.#statements.versions.all(after, limit) as unknown as { version: string; ended: number; last: number }[];
    const named = (ended: number): string[] => rows.filter((row) => row.ended === ended).map(({ version }) => version);
    const last = Math.max(...rows.map((row) => row.last));
    return { living: named(0), ended: named(1), last: rows.length === 0 ? undefined : last };
  }

  nextWake(after: number): number | undefined {
    const row = this.#statements.nextWake.get(after);
    const at = row?.["wakeAt"];
    return typeof at === "number" ? at : undefined;
  }

  expiring(until: number, limit: number): InstanceSummary[] {
    return this.#statements.expiring.all(until, limit) as unknown as InstanceSummary[];
  }

  list(query: ListQuery): InstanceSummary[] {
    const { direction, after, offset, limit } = query;
    const filter = where(query);
    if (after !== undefined) {
      filter.terms.push(`(created_at, pk) ${direction === "asc" ? ">" : "<"} (?, ?)`);
      filter.values.push(after.createdAt, after.pk);
    }
    const sql = `${SUMMARY} WHERE ${filter.terms.join(" AND ")} ORDER BY created_at ${direction}, pk ${direction} LIMIT ? OFFSET ?`;
    return this.#queries.all(sql, ...filter.values, limit, offset ?? 0) as unknown as InstanceSummary[];
  }

  beginningWith(workflow: string, idPrefix: string, limit: number): InstanceSummary[] {
    // Nothing that an id may have in it comes after this character.
    return this.#statements.prefix.all(workflow, idPrefix, `${idPrefix}\u{10ffff}`, limit) as unknown as InstanceSummary[];
  }

  count(query: ListFilter, cap: number): number {
    if (query.createdFrom === undefined && query.createdTo === undefined) {
      const counts = this.statusCounts(query.workflow);
      if (query.status !== undefined) return counts[query.status] ?? 0;
      return Object.values(counts).reduce((sum, each) => sum + each, 0);
    }
    const { terms, values } = where(query);
    const sql = `SELECT count(*) AS n FROM (SELECT 1 FROM instances WHERE ${terms.join(" AND ")} LIMIT ?)`;
    return Number(this.#queries.one(sql, ...values, cap)?.["n"]);
  }

  statusCounts(workflow: string | undefined): Partial<Record<InstanceStatus, number>> {
    const { counts, allCounts } = this.#statements;
    const rows = workflow === undefined ? allCounts.all() : counts.all(workflow);
    return Object.fromEntries(rows.map(({ status, instances }) => [status, instances])) as Partial<
      Record<InstanceStatus, number>
    >;
  }
}

function where({ workflow, status, createdFrom, createdTo }: ListFilter): { terms: string[]; values: (string | number)[] } {
  const terms = [OF_WORKFLOW];
  const values: (string | number)[] = [workflow];
  const add = (term: string, value: string | number | undefined): void => {
    if (value === undefined) return;
    terms.push(term);
    values.push(value);
  };
  add("status = ?", status);
  add("created_at >= ?", createdFrom);
  add("created_at <= ?", createdTo);
  return { terms, values };
}

/**
 * The first instances with a status in the order of a column, found among the first ones of each workflow that has any:
 * workflows that are skipped are not even looked at. CROSS JOIN keeps SQLite from turning the join round.
 */
function firstOfEach(status: InstanceStatus, column: "wake_at" | "created_at", and: string): string {
  return `${SUMMARY} WHERE pk IN (
    SELECT i.pk FROM status_counts AS c CROSS JOIN instances AS i ON i.pk IN
      (SELECT pk FROM instances WHERE workflow = c.workflow AND status = '${status}' ${and} ORDER BY ${column}, pk LIMIT $limit + 0)
    WHERE c.status = '${status}' AND c.instances > 0
      AND c.workflow NOT IN (SELECT names.pk FROM json_each($skip) AS skipped JOIN names ON names.name = skipped.value)
    ORDER BY i.${column}, i.pk LIMIT $limit + 0)
  ORDER BY ${column}, pk`;
}

/** As a list of literals. A partial index is used only where the query repeats its condition word for word. */
export function listed(statuses: readonly InstanceStatus[]): string {
  return statuses.map((status) => `'${status}'`).join(", ");
}

/** `LIMIT ? + 0` and not `LIMIT ?`, which SQLite plans anew whenever a value is bound to it: that took ten times the search. */
function prepare(db: Database) {
  return {
    find: db.prepare(`${SUMMARY} WHERE ${OF_WORKFLOW} AND id = ?`),
    prefix: db.prepare(`${SUMMARY} WHERE ${OF_WORKFLOW} AND id >= ? AND id < ? ORDER BY id LIMIT ? + 0`),
    versions: db.prepare(
      `SELECT (SELECT name FROM names WHERE names.pk = version) AS version,
         status IN (${listed(FINAL_STATUSES)}) AS ended, max(pk) AS last
       FROM (SELECT pk, version, status FROM instances WHERE pk > ? ORDER BY pk LIMIT ? + 0) GROUP BY version, ended`,
    ),
    has: db.prepare("SELECT 1 FROM instances WHERE pk = ?"),
    load: db.prepare(
      `${ROW} WHERE instance = :pk AND seq > :after
       AND seq >= (SELECT coalesce(max(below), 0) FROM void_rows WHERE instance = :pk) ORDER BY seq`,
    ),
    row: db.prepare(`${ROW} WHERE instance = ? AND seq = ?`),
    chunk: db.prepare("SELECT bytes FROM blobs WHERE instance = ? AND stream = ? AND chunk = ?"),
    interrupted: db.prepare(`${SUMMARY} WHERE status IN (${listed(PLACE_STATUSES)}) AND pk > ? ORDER BY pk LIMIT ? + 0`),
    due: db.prepare(firstOfEach("waiting", "wake_at", "AND wake_at <= $now")),
    queued: db.prepare(firstOfEach("queued", "created_at", "")),
    nextWake: db.prepare(
      `SELECT min((SELECT wake_at FROM instances AS i
         WHERE i.workflow = c.workflow AND status = 'waiting' AND wake_at > ? ORDER BY wake_at LIMIT 1)) AS wakeAt
       FROM status_counts AS c WHERE c.status = 'waiting' AND c.instances > 0`,
    ),
    expiring: db.prepare(`${SUMMARY} WHERE expires_at <= ? ORDER BY expires_at LIMIT ? + 0`),
    allCounts: db.prepare(
      "SELECT status, sum(instances) AS instances FROM status_counts GROUP BY status HAVING sum(instances) > 0",
    ),
    counts: db.prepare(`SELECT status, instances FROM status_counts WHERE ${OF_WORKFLOW} AND instances > 0`),
  };
}
