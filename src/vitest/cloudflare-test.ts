/** What `cloudflare:test` is: the functions of Cloudflare's plugin that need no workerd around the test. */
import type { D1Migration } from "./plugin.ts";
import { resetStorage } from "./project.ts";

export { env } from "../runtime/environment.ts";
export { introspectWorkflow, introspectWorkflowInstance } from "../testing/index.ts";
export { createExecutionContext, waitOnExecutionContext } from "./context.ts";
export { createMessageBatch, getQueueResult } from "./queue.ts";
export { SELF } from "./worker.ts";

/** A controller for a `scheduled` handler. */
export interface ScheduledController {
  readonly scheduledTime: number;
  readonly cron: string;
  noRetry(): void;
}

/** Makes one; the time is now unless it is said. */
export function createScheduledController({
  scheduledTime = Date.now(),
  cron = "",
}: { readonly scheduledTime?: Date | number; readonly cron?: string } = {}): ScheduledController {
  return { scheduledTime: Number(scheduledTime), cron, noRetry: () => {} };
}

/** Deletes what KV, D1 and R2 keep. */
export function reset(): Promise<void> {
  return resetStorage();
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

function onlyInWorkerd(name: string): () => never {
  return () => {
    throw new Error(`${name}() is not supported by stepwell/vitest: tests run outside of workerd, and Durable Objects need it`);
  };
}

export const runInDurableObject: () => never = onlyInWorkerd("runInDurableObject");
export const runDurableObjectAlarm: () => never = onlyInWorkerd("runDurableObjectAlarm");
export const listDurableObjectIds: () => never = onlyInWorkerd("listDurableObjectIds");
