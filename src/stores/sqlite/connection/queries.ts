/** Statements of the catalogue, on one connection: each is prepared when it is first asked for. */
import { ask, checkFile, transaction, type Database, type Statement } from "./database.ts";

/** A row as SQLite has it. */
export type Row = Record<string, unknown>;

type Value = string | number | null;

/** True when it changed something. Values are positional, or the fields of one object by name, of which some may be unused. */
export type Run = (sql: string, ...values: (Value | object)[]) => boolean;

export interface Queries {
  readonly one: (sql: string, ...values: (string | number)[]) => Row | undefined;
  readonly all: (sql: string, ...values: (string | number)[]) => Row[];
  readonly run: Run;
  /** All of it, or nothing. */
  readonly within: <T>(work: () => T) => T;
}

/** The statements of a connection. */
export function queries(db: Database): Queries {
  const statements = new Map<string, Statement>();
  const prepared = (sql: string): Statement => {
    let statement = statements.get(sql);
    if (statement !== undefined) return statement;
    statement = db.prepare(sql);
    statement.setAllowUnknownNamedParameters(true);
    statements.set(sql, statement);
    return statement;
  };
  return {
    one: (sql, ...values) => ask(() => prepared(sql).get(...values)),
    all: (sql, ...values) => ask(() => prepared(sql).all(...values)),
    run: (sql, ...values) => {
      const { changes } = ask(() => prepared(sql).run(...(values as Value[])));
      if (!db.isTransaction) checkFile(db);
      return changes > 0;
    },
    within: (work) => transaction(db, work),
  };
}

/** The `n` of a row that counts. */
export function count(row: Row | undefined): number {
  return Number(row?.["n"]);
}
