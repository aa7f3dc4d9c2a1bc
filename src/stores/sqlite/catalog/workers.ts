/** What is kept of scripts besides their versions. */
import type { ObjectClasses } from "../../../model/platform/objects.ts";
import type { EventTrigger, MadeWorker, ScriptSettings, Workers } from "../../../ports/catalog/workers.ts";
import type { Queries, Run } from "../connection/queries.ts";

const TRIGGERS = "SELECT type, filter, targets FROM event_triggers WHERE script = ? ORDER BY rowid";

/** What is read of these tables. */
export function workerTables({ one, all }: Queries): Workers {
  return {
    scriptSettings: async (script) =>
      Object.fromEntries(
        all("SELECT name, json FROM script_settings WHERE script = ?", script).map(({ name, json }) => [name, parse(json)]),
      ) as ScriptSettings,
    eventTriggers: async (script) =>
      all(TRIGGERS, script).map(({ type, filter, targets }) => ({
        type: String(type),
        ...(filter !== null && { filter: parse(filter) as EventTrigger["filter"] }),
        targets: parse(targets) as EventTrigger["targets"],
      })),
    objectClasses: async (script) => {
      const tag = one("SELECT tag FROM object_migrations WHERE script = ?", script)?.["tag"];
      const classes = all("SELECT name, namespace FROM object_classes WHERE script = ? ORDER BY rowid", script);
      const namespaces = Object.fromEntries(classes.map(({ name, namespace }) => [name, String(namespace)]));
      return { ...(typeof tag === "string" && { tag }), namespaces };
    },
    madeWorkers: async () =>
      all("SELECT name, created_at AS createdAt FROM made_workers ORDER BY rowid") as unknown as MadeWorker[],
  };
}

/** Within a transaction, like the rest. */
export function putScriptSettings(run: Run, script: string, settings: ScriptSettings): void {
  run("DELETE FROM script_settings WHERE script = ?", script);
  for (const [name, value] of Object.entries(settings))
    if (value !== undefined) run("INSERT INTO script_settings VALUES (?, ?, ?)", script, name, JSON.stringify(value));
}

/** These are the event triggers of a script. */
export function putEventTriggers(run: Run, script: string, triggers: readonly EventTrigger[]): void {
  run("DELETE FROM event_triggers WHERE script = ?", script);
  for (const { type, filter, targets } of triggers) {
    const sent = filter === undefined ? null : JSON.stringify(filter);
    run("INSERT INTO event_triggers VALUES (?, ?, ?, ?)", script, type, sent, JSON.stringify(targets));
  }
}

/** These are the classes of a script whose objects are kept. */
export function putObjectClasses(run: Run, script: string, { tag, namespaces }: ObjectClasses): void {
  run("DELETE FROM object_classes WHERE script = ?", script);
  for (const [name, namespace] of Object.entries(namespaces))
    run("INSERT INTO object_classes VALUES (?, ?, ?)", script, name, namespace);
  run("DELETE FROM object_migrations WHERE script = ?", script);
  if (tag !== undefined) run("INSERT INTO object_migrations VALUES (?, ?)", script, tag);
}

/** Remembers a Worker. */
export function putMadeWorker(run: Run, { name, createdAt }: MadeWorker): void {
  run("INSERT OR REPLACE INTO made_workers VALUES (?, ?)", name, createdAt);
}

/** Forgets all of it. */
export function deleteWorker(run: Run, script: string): void {
  for (const table of ["script_settings", "event_triggers", "object_classes", "object_migrations", "host_names", "routes"])
    run(`DELETE FROM ${table} WHERE script = ?`, script);
  run("DELETE FROM made_workers WHERE name = ?", script);
}

function parse(json: unknown): unknown {
  return JSON.parse(String(json));
}
