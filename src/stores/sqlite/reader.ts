/** Everything that is asked of the instances and the journal, on a connection that never waits for a commit. */
import type { InstanceStatus } from "../../model/status.ts";
import type { InstanceSummary, JournalRow, ListQuery, ReadyKind } from "../../ports/store.ts";
import type { Database, Statement } from "./database.ts";

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
  readonly #db: Database;
  readonly #statements: ReturnType<typeof prepare>;
  /** Prepared by what they ask for: which bounds, which direction. */
  readonly #lists: Map<string, Statement> = new Map();

  constructor(db: Database) {
    this.#db = db;
    this.#statements = prepare(db);
  }

  find(workflow: string, id: string): InstanceSummary | undefined {
    return this.#statements.find.get(workflow, id) as InstanceSummary | undefined;
  }

  load(pk: number, afterSeq: number, maxBytes: number): JournalRow[] {
    const rows: JournalRow[] = [];
    let bytes = 0;
    for (const row of this.#statements.load.iterate(pk, afterSeq) as Iterable<unknown> as Iterable<JournalRow>) {
      bytes += row.events.length;
      if (rows.length > 0 && bytes > maxBytes) break;
      rows.push(row);
    }
    return rows;
  }

  rows(pk: number, seqs: readonly number[]): JournalRow[] {
    const found = seqs.map((seq) => this.#statements.row.get(pk, seq) as JournalRow | undefined);
    return found.filter((row) => row !== undefined).sort((a, b) => a.seq - b.seq);
  }

  ready(kind: ReadyKind, now: number, limit: number, after: number): InstanceSummary[] {
    const statement = this.#statements[kind];
    const rows = kind === "queued" ? statement.all(limit) : statement.all(kind === "due" ? now : after, limit);
    return rows as unknown as InstanceSummary[];
  }

  nextWake(after: number): number | undefined {
    const row = this.#statements.nextWake.get(after);
    return row === undefined ? undefined : Number(row["wakeAt"]);
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
    return this.#prepared(sql).all(...filter.values, limit, offset ?? 0) as unknown as InstanceSummary[];
  }

  count(query: Pick<ListQuery, "workflow" | "status" | "createdFrom" | "createdTo">, cap: number): number {
    if (query.createdFrom === undefined && query.createdTo === undefined) {
      const counts = this.statusCounts(query.workflow);
      if (query.status !== undefined) return counts[query.status] ?? 0;
      return Object.values(counts).reduce((sum, each) => sum + each, 0);
    }
    const { terms, values } = where(query);
    const sql = `SELECT count(*) AS n FROM (SELECT 1 FROM instances WHERE ${terms.join(" AND ")} LIMIT ?)`;
    return Number(this.#prepared(sql).get(...values, cap)?.["n"]);
  }

  statusCounts(workflow: string): Partial<Record<InstanceStatus, number>> {
    const rows = this.#statements.counts.all(workflow);
    return Object.fromEntries(rows.map(({ status, instances }) => [status, instances])) as Partial<
      Record<InstanceStatus, number>
    >;
  }

  #prepared(sql: string): Statement {
    let statement = this.#lists.get(sql);
    if (statement === undefined) this.#lists.set(sql, (statement = this.#db.prepare(sql)));
    return statement;
  }
}

function where({
  workflow,
  status,
  createdFrom,
  createdTo,
}: Pick<ListQuery, "workflow" | "status" | "createdFrom" | "createdTo">): {
  terms: string[];
  values: (string | number)[];
} {
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

function prepare(db: Database): Record<"find" | "load" | "row" | "nextWake" | "expiring" | "counts" | ReadyKind, Statement> {
  return {
    find: db.prepare(`${SUMMARY} WHERE ${OF_WORKFLOW} AND id = ?`),
    load: db.prepare(`${ROW} WHERE instance = ? AND seq > ? ORDER BY seq`),
    row: db.prepare(`${ROW} WHERE instance = ? AND seq = ?`),
    interrupted: db.prepare(`${SUMMARY} WHERE status IN ('running', 'waitingForPause') AND pk > ? ORDER BY pk LIMIT ?`),
    due: db.prepare(`${SUMMARY} WHERE status = 'waiting' AND wake_at <= ? ORDER BY wake_at, pk LIMIT ?`),
    queued: db.prepare(`${SUMMARY} WHERE status = 'queued' ORDER BY created_at, pk LIMIT ?`),
    nextWake: db.prepare(
      "SELECT wake_at AS wakeAt FROM instances WHERE status = 'waiting' AND wake_at > ? ORDER BY wake_at LIMIT 1",
    ),
    expiring: db.prepare(`${SUMMARY} WHERE expires_at <= ? ORDER BY expires_at LIMIT ?`),
    counts: db.prepare(`SELECT status, instances FROM status_counts WHERE ${OF_WORKFLOW} AND instances > 0`),
  };
}
