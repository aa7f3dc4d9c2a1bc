import { CompiledQuery, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, type DatabaseConnection, type Dialect, type Driver, type Kysely, type QueryResult } from "kysely";

/** Kysely over D1, as small as this repository needs it. */
export class D1Dialect implements Dialect {
  constructor(private readonly database: D1Database) {}
  createAdapter = () => new SqliteAdapter();
  createQueryCompiler = () => new SqliteQueryCompiler();
  createIntrospector = (db: Kysely<never>) => new SqliteIntrospector(db);
  createDriver = (): Driver => {
    const connection = new D1Connection(this.database);
    const none = async (): Promise<void> => {};
    return {
      init: none,
      destroy: none,
      releaseConnection: none,
      acquireConnection: async () => connection,
      beginTransaction: () => Promise.reject(new Error("D1 has no transactions")),
      commitTransaction: none,
      rollbackTransaction: none,
    };
  };
}

class D1Connection implements DatabaseConnection {
  constructor(private readonly database: D1Database) {}

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { results, meta } = await this.database.prepare(sql).bind(...parameters).all<R>();
    return { rows: results, numAffectedRows: BigInt(meta.changes) };
  }

  // biome-ignore lint: D1 does not stream
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new Error("D1 does not stream");
  }
}
