/** What is kept about many instances together: groups of errors, and counts by the hour. */
import type { ErrorGroup, GroupQuery, HourlyCount } from "../../../ports/instances/statistics.ts";
import type { InstanceFilter } from "../../../ports/instances/search.ts";
import type { Database } from "../connection/database.ts";
import { hourOf } from "./hourly.ts";
import { queries, type Queries } from "../connection/queries.ts";
import { nameKey } from "./search-plan.ts";

const GROUP = `SELECT (SELECT name FROM names WHERE names.pk = workflow) AS workflow, fingerprint, instances,
  first_seen AS firstSeen, last_seen AS lastSeen, (SELECT name FROM names WHERE names.pk = first_version) AS firstVersionId,
  name, message, step, frame
FROM error_groups`;

export class Statistics {
  readonly #queries: Queries;
  readonly #names: Map<number, string> = new Map();

  constructor(db: Database) {
    this.#queries = queries(db);
  }

  errorGroups({ workflow, fingerprint, offset, limit }: GroupQuery): ErrorGroup[] {
    const key = workflow === undefined ? undefined : (nameKey(this.#queries, workflow) ?? -1);
    const terms = [...(key === undefined ? [] : ["workflow = ?"]), ...(fingerprint === undefined ? [] : ["fingerprint = ?"])];
    const values = [key, fingerprint].filter((value) => value !== undefined);
    const where = terms.length === 0 ? "" : `WHERE ${terms.join(" AND ")}`;
    const sql = `${GROUP} ${where} ORDER BY last_seen DESC, pk DESC LIMIT ? OFFSET ?`;
    return this.#queries.all(sql, ...values, limit, offset) as unknown as ErrorGroup[];
  }

  hourly(from: number, workflow: string | undefined): HourlyCount[] {
    const key = workflow === undefined ? undefined : (nameKey(this.#queries, workflow) ?? -1);
    const sql = `SELECT hour, workflow, created, complete, errored, terminated
      FROM hourly WHERE hour >= ? ${key === undefined ? "" : "AND workflow = ?"} ORDER BY hour, workflow`;
    const values = key === undefined ? [hourOf(from)] : [hourOf(from), key];
    const rows = this.#queries.all(sql, ...values);
    return rows.map((row) => ({ ...row, workflow: this.#nameOf(Number(row["workflow"])) })) as unknown as HourlyCount[];
  }

  /** Looked up once: a name keeps its key for ever. */
  #nameOf(key: number): string {
    let name = this.#names.get(key);
    if (name === undefined)
      this.#names.set(key, (name = String(this.#queries.one("SELECT name FROM names WHERE pk = ?", key)?.["name"])));
    return name;
  }

  /** How many instances match, where that is kept: those of a workflow, with a status, or with an error. */
  known(filter: InstanceFilter): number | undefined {
    const { workflow, status, fingerprint, ...others } = filter;
    if (Object.values(others).some((value) => value !== undefined)) return undefined;
    if (fingerprint !== undefined) {
      if (status !== undefined && status !== "errored") return 0;
      return this.errorGroups({ workflow, fingerprint, offset: 0, limit: 1 })[0]?.instances ?? 0;
    }
    const of = "FROM status_counts WHERE workflow = (SELECT pk FROM names WHERE name = ?)";
    const sql = `SELECT total(instances) AS n ${of} ${status === undefined ? "" : "AND status = ?"}`;
    return Number(this.#queries.one(sql, workflow, ...(status === undefined ? [] : [status]))?.["n"]);
  }
}
