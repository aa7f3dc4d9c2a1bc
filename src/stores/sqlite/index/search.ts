/**
 * Finds instances by any filters, in the order of lists, without ever looking at more than a few thousand of them at once.
 *
 * There is an index for each filter by itself. The one that lets fewest through is walked in the order of creation, and the other
 * filters are put to what it finds — for a bounded number of rows: the next page goes on from where it ended. A filter that few
 * match is put first instead, and what it finds is sorted.
 */
import type { Found, FoundInstance, InstanceFilter, Position, SearchPage, Tally } from "../../../ports/instances/search.ts";
import type { Database } from "../connection/database.ts";
import { choosePlan, type Plan, type Term } from "./search-plan.ts";
import { queries, type Queries, type Row } from "../connection/queries.ts";

/** Rows that one search looks at: a few milliseconds of the thread that everything runs on. */
const SCAN = 10_000;

const COLUMNS = `i.pk, i.id, i.status, (SELECT name FROM names WHERE names.pk = i.version) AS versionId,
  i.trigger_source AS "trigger", i.created_at AS createdAt, i.modified_at AS modifiedAt, i.started_at AS startedAt,
  i.ended_at AS endedAt, i.wake_at AS wakeAt, i.expires_at AS expiresAt, e.name AS errorName, e.message, e.step, e.frame,
  (SELECT fingerprint FROM error_groups WHERE error_groups.pk = e.error_group) AS fingerprint`;

export class Searches {
  readonly #queries: Queries;

  constructor(db: Database) {
    this.#queries = queries(db);
  }

  search(filter: InstanceFilter, { direction, limit, after }: SearchPage): Found {
    const plan = choosePlan(this.#queries, filter);
    if (plan === undefined) return { items: [], next: undefined };
    const order = new Order(plan, direction);
    const end = this.#end(plan, order, after);
    const terms = [...plan.walked, ...plan.looked, ...order.after(after), ...order.until(end)];
    const sql = `SELECT ${COLUMNS} FROM ${joined(plan)} WHERE ${text(terms)} ORDER BY ${order.sql} LIMIT ?`;
    const items = this.#queries.all(sql, ...values(terms), limit).map((row) => shown(row, filter.workflow));
    const last = items.at(-1);
    return { items, next: items.length === limit && last !== undefined ? positionOf(last) : end };
  }

  tally(filter: InstanceFilter, after: Position | undefined): Tally {
    const plan = choosePlan(this.#queries, filter);
    if (plan === undefined) return { count: 0, next: undefined };
    const order = new Order(plan, "desc");
    const end = this.#end(plan, order, after, true);
    const terms = [...plan.walked, ...plan.looked, ...order.after(after), ...order.until(end)];
    const from = plan.looked.length === 0 ? alone(plan) : joined(plan);
    const row = this.#queries.one(`SELECT count(*) AS n FROM ${from} WHERE ${text(terms)}`, ...values(terms));
    return { count: Number(row?.["n"]), next: end };
  }

  /** The last row that this search may look at; undefined when it can look at all. */
  #end(plan: Plan, order: Order, after: Position | undefined, always = false): Position | undefined {
    // What is sorted is few, and what nothing is put to is found at once.
    if (plan.isSorted || (plan.looked.length === 0 && !always)) return undefined;
    const terms = [...plan.walked, ...order.after(after)];
    const sql = `SELECT ${order.at} AS createdAt, ${order.key} AS pk FROM ${alone(plan)} WHERE ${text(terms)}
      ORDER BY ${order.sql} LIMIT 1 OFFSET ${SCAN - 1}`;
    const row = this.#queries.one(sql, ...values(terms));
    return row && { createdAt: Number(row["createdAt"]), pk: Number(row["pk"]) };
  }
}

/** The order of lists, in the words of a plan's table. */
class Order {
  readonly at: string;
  readonly key: string;
  readonly sql: string;
  readonly #forward: boolean;

  constructor({ table }: Plan, direction: SearchPage["direction"]) {
    this.at = table === "instances" ? "i.created_at" : "e.created_at";
    this.key = table === "instances" ? "i.pk" : "e.instance";
    this.sql = `${this.at} ${direction}, ${this.key} ${direction}`;
    this.#forward = direction === "asc";
  }

  after(position: Position | undefined): Term[] {
    return this.#beside(this.#forward ? ">" : "<", position);
  }

  until(position: Position | undefined): Term[] {
    return this.#beside(this.#forward ? "<=" : ">=", position);
  }

  #beside(comparison: string, position: Position | undefined): Term[] {
    if (position === undefined) return [];
    return [{ sql: `(${this.at}, ${this.key}) ${comparison} (?, ?)`, values: [position.createdAt, position.pk] }];
  }
}

function alone({ table, index }: Plan): string {
  const name = table === "instances" ? "instances AS i" : "errors AS e";
  return index === undefined ? name : `${name} INDEXED BY ${index}`;
}

/** CROSS JOIN keeps SQLite from turning the join round. */
function joined(plan: Plan): string {
  return plan.table === "instances"
    ? `${alone(plan)} LEFT JOIN errors AS e ON e.instance = i.pk`
    : `${alone(plan)} CROSS JOIN instances AS i ON i.pk = e.instance`;
}

function text(terms: readonly Term[]): string {
  return terms.map(({ sql }) => sql).join(" AND ");
}

function values(terms: readonly Term[]): (string | number)[] {
  return terms.flatMap((term) => term.values);
}

function positionOf({ createdAt, pk }: Position): Position {
  return { createdAt, pk };
}

function shown({ errorName: name, message, step, frame, fingerprint, ...summary }: Row, workflow: string): FoundInstance {
  const error = typeof name === "string" ? { name, message, step, frame, fingerprint } : null;
  return { ...summary, workflow, error } as FoundInstance;
}
