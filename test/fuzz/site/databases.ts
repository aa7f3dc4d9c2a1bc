/** Looks into the databases of a data directory that a server has open: whether something was committed, and what is defined. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export interface Databases {
  /** Changes with every commit of another connection. */
  version(): string;
  /** Digests of tables that only requests change. */
  definitions(): Readonly<Record<string, string>>;
  close(): void;
}

/** Tables that only requests change, and the columns of those that have others. */
const DEFINED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "stepwell.db": {
    tokens: "*",
    users: "*",
    settings: "*",
    scripts: "*",
    script_versions: "*",
    script_code: "*",
    deployments: "*",
    resources: "*",
    workflows: "*",
    workflow_versions: "*",
    timetable: "kind, owner, cron, position",
    host_names: "*",
    routes: "*",
    concurrency_keys: "*",
    event_triggers: "*",
    object_classes: "*",
    object_migrations: "*",
    script_settings: "*",
    made_workers: "*",
    secrets_stores: "*",
    store_secrets: "*",
    event_subscriptions: "*",
  },
  "queues.db": { queues: "*" },
};

export function openDatabases(data: string): Databases {
  const opened = Object.entries(DEFINED).map(([file, tables]) => {
    const database = new DatabaseSync(join(data, file), { readOnly: true, timeout: 5_000 });
    const version = database.prepare("PRAGMA data_version");
    const rows = Object.entries(tables).map(
      ([table, columns]) => [table, database.prepare(`SELECT ${columns} FROM ${table}`)] as const,
    );
    return { database, version, rows };
  });
  return {
    version: () => opened.map(({ version }) => version.get()?.["data_version"]).join(),
    definitions: () =>
      Object.fromEntries(
        opened.flatMap(({ rows }) =>
          rows.map(([table, statement]): [string, string] => {
            const all = statement.all();
            return [table, `${all.length} rows ${createHash("sha1").update(JSON.stringify(all)).digest("hex")}`];
          }),
        ),
      ),
    close: () => opened.forEach(({ database }) => database.close()),
  };
}
