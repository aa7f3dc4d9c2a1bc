/** Migrations of D1 databases in tests, as wrangler applies them. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** A file of migrations of a D1 database. */
export interface D1Migration {
  readonly name: string;
  readonly queries: readonly string[];
}

/** Reads the migrations of a folder, in their order. */
export async function readD1Migrations(folder: string): Promise<D1Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort(byNumber);
  return Promise.all(names.map(async (name) => ({ name, queries: [await readFile(join(folder, name), "utf8")] })));
}

function byNumber(a: string, b: string): number {
  const [first, second] = [Number.parseInt(a, 10), Number.parseInt(b, 10)];
  return first === second || Number.isNaN(first - second) ? (a < b ? -1 : 1) : first - second;
}

interface Statement {
  bind(...values: readonly unknown[]): Statement;
  run(): Promise<{ readonly results?: unknown }>;
}

/** As much of a database as is needed for migrations. */
export interface MigratedDatabase {
  prepare(sql: string): unknown;
}

/** Applies the migrations that have not been applied yet, each with a row in the table that wrangler uses. */
export async function applyD1Migrations(
  database: MigratedDatabase,
  migrations: readonly D1Migration[],
  table: string = "d1_migrations",
): Promise<void> {
  const run = (sql: string, ...values: readonly unknown[]): ReturnType<Statement["run"]> => {
    const statement = database.prepare(sql) as Statement;
    return (values.length === 0 ? statement : statement.bind(...values)).run();
  };
  const columns =
    "id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL";
  await run(`CREATE TABLE IF NOT EXISTS ${table} (${columns})`);
  const { results } = await run(`SELECT name FROM ${table}`);
  const applied = new Set((results as readonly { readonly name: string }[]).map(({ name }) => name));
  for (const { name, queries } of migrations) {
    if (applied.has(name)) continue;
    for (const query of queries) await run(query);
    await run(`INSERT INTO ${table} (name) VALUES (?)`, name);
  }
}
