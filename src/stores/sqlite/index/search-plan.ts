/** Which index a search walks, and which filters are put to what it finds there. */
import type { InstanceFilter } from "../../../ports/instances/search.ts";
import { count, type Queries } from "../connection/queries.ts";

/** A condition. Instances are `i`, errors are `e`. */
export interface Term {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

export interface Plan {
  readonly table: "instances" | "errors";
  /** Undefined where rows are found by key. */
  readonly index: string | undefined;
  /** What the index answers. */
  readonly walked: readonly Term[];
  /** What is asked of each row that it leads to. */
  readonly looked: readonly Term[];
  /** True when so few rows are found that they are sorted; otherwise they come in order. */
  readonly isSorted: boolean;
}

/** Rows that are sorted; the index that has more is walked in order. */
const FEW = 5_000;

/** Rows up to which two indexes are compared. */
const COMPARED = 10_000;

/** Letters that a text is looked up by, three at a time: what has these is compared with all of it. */
const LOOKED_UP = 24;

/** How a filter is carried out; undefined when nothing can match it. */
export function choosePlan(ask: Queries, filter: InstanceFilter): Plan | undefined {
  const { status, versionId, idPrefix, errorText, fingerprint } = filter;
  const workflow = nameKey(ask, filter.workflow);
  const version = versionId === undefined ? undefined : nameKey(ask, versionId);
  if (workflow === undefined || (versionId !== undefined && version === undefined)) return undefined;
  const looked = {
    status: terms("i.status = ?", status),
    version: terms("i.version = ?", version),
    id: idPrefix === undefined ? [] : [beginsWith(idPrefix)],
  };
  if (errorText === undefined && fingerprint === undefined) return amongInstances(ask, workflow, filter, looked);
  if (status !== undefined && status !== "errored") return undefined;
  return amongErrors(ask, workflow, filter, [...looked.version, ...looked.id]);
}

type Looked = Readonly<Record<"status" | "version" | "id", readonly Term[]>>;

function amongInstances(ask: Queries, workflow: number, filter: InstanceFilter, { status, version, id }: Looked): Plan {
  const within: Term[] = [{ sql: "i.workflow = ?", values: [workflow] }];
  const created = times("i.created_at", filter);
  const table = "instances";
  const byId = { table, index: "instances_by_id", walked: [...within, ...id] } as const;
  if (id.length > 0 && rowsOf(ask, byId, FEW + 1) <= FEW)
    return { ...byId, looked: [...status, ...version, ...created], isSorted: true };
  const isSorted = false;
  const byStatus = { table, index: "instances_by_status", walked: [...within, ...status, ...created] } as const;
  const byVersion = { table, index: "instances_by_version", walked: [...within, ...version, ...created] } as const;
  if (status.length > 0 && version.length > 0) {
    // Of two that many have, the version is walked: its instances were made at about the same time.
    const rare = rowsOf(ask, byStatus, COMPARED);
    return rare < COMPARED && rare < rowsOf(ask, byVersion, COMPARED)
      ? { ...byStatus, looked: [...version, ...id], isSorted }
      : { ...byVersion, looked: [...status, ...id], isSorted };
  }
  if (status.length > 0) return { ...byStatus, looked: id, isSorted };
  if (version.length > 0) return { ...byVersion, looked: id, isSorted };
  return { table, index: "instances_by_creation", walked: [...within, ...created], looked: id, isSorted };
}

function amongErrors(ask: Queries, workflow: number, filter: InstanceFilter, looked: readonly Term[]): Plan | undefined {
  const { errorText: text, fingerprint } = filter;
  const within: Term = { sql: "e.workflow = ?", values: [workflow] };
  const created = times("e.created_at", filter);
  const has = text === undefined ? [] : [contains(text)];
  const group = fingerprint === undefined ? undefined : groupKey(ask, workflow, fingerprint);
  if (fingerprint !== undefined && group === undefined) return undefined;
  const ofGroup = terms("e.error_group = ?", group);
  const table = "errors";
  const match = text === undefined ? undefined : trigrams(text);
  if (match !== undefined && textsWith(ask, match) <= FEW) {
    const found = { sql: "e.instance IN (SELECT rowid FROM errors_text WHERE errors_text MATCH ?)", values: [match] };
    return {
      table,
      index: undefined,
      walked: [found],
      looked: [within, ...created, ...ofGroup, ...has, ...looked],
      isSorted: true,
    };
  }
  const isSorted = false;
  if (group !== undefined)
    return { table, index: "errors_by_group", walked: [...ofGroup, ...created], looked: [...has, ...looked], isSorted };
  return { table, index: "errors_by_creation", walked: [within, ...created], looked: [...has, ...looked], isSorted };
}

/** The number of a name; undefined when nothing has it. */
export function nameKey(ask: Queries, name: string): number | undefined {
  const row = ask.one("SELECT pk FROM names WHERE name = ?", name);
  return row && Number(row["pk"]);
}

function groupKey(ask: Queries, workflow: number, fingerprint: string): number | undefined {
  const row = ask.one("SELECT pk FROM error_groups WHERE workflow = ? AND fingerprint = ?", workflow, fingerprint);
  return row && Number(row["pk"]);
}

/** Rows that an index leads to, counted up to a number. */
function rowsOf(ask: Queries, { index, walked }: Pick<Plan, "walked"> & { readonly index: string }, upTo: number): number {
  const sql = `SELECT 1 FROM instances AS i INDEXED BY ${index} WHERE ${walked.map((term) => term.sql).join(" AND ")} LIMIT ${upTo}`;
  return count(ask.one(`SELECT count(*) AS n FROM (${sql})`, ...walked.flatMap((term) => term.values)));
}

function textsWith(ask: Queries, match: string): number {
  const sql = `SELECT rowid FROM errors_text WHERE errors_text MATCH ? LIMIT ${FEW + 1}`;
  return count(ask.one(`SELECT count(*) AS n FROM (${sql})`, match));
}

function terms(sql: string, value: string | number | undefined): Term[] {
  return value === undefined ? [] : [{ sql, values: [value] }];
}

function times(column: string, { createdFrom, createdTo }: InstanceFilter): Term[] {
  return [...terms(`${column} >= ?`, createdFrom), ...terms(`${column} <= ?`, createdTo)];
}

/** As a range, for the index; no character comes after the last one that there is. */
function beginsWith(prefix: string): Term {
  return { sql: "i.id >= ? AND i.id < ?", values: [prefix, `${prefix}\u{10ffff}`] };
}

function contains(text: string): Term {
  const pattern = `%${text.replace(/[\\%_]/g, "\\$&")}%`;
  return { sql: String.raw`e.name || ': ' || e.message LIKE ? ESCAPE '\'`, values: [pattern] };
}

/** What has a text has every three letters of it. Undefined for a text that is shorter: then errors are looked at one by one. */
function trigrams(text: string): string | undefined {
  const letters = Array.from(text).slice(0, LOOKED_UP);
  if (letters.length < 3) return undefined;
  const threes = letters.slice(2).map((_, i) => letters.slice(i, i + 3).join(""));
  const parts = threes.map((three) => `"${three.replaceAll('"', '""')}"`);
  return [...new Set(parts)].join(" AND ");
}
