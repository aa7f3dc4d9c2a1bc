/** The catalogue of what is deployed, in small tables of the same database. */
import type { Catalog } from "../../../ports/catalog/catalog.ts";
import type { Settings } from "../../../ports/catalog/settings.ts";
import type { Database } from "../connection/database.ts";
import { queries, type Queries } from "../connection/queries.ts";
import { addressTables } from "./addresses.ts";
import { credentialTables } from "./credentials.ts";
import { edits } from "./edits.ts";
import { Known } from "./known.ts";
import { resourceTable } from "./resources.ts";
import { scriptTables } from "./scripts.ts";
import { secretsStoreTables } from "./secrets-stores.ts";
import { subscriptionTable } from "./subscriptions.ts";
import { timetable } from "./timetable.ts";
import { versionTables } from "./versions.ts";
import { workerTables } from "./workers.ts";
import { workflowTables } from "./workflows.ts";

const PUT = "INSERT INTO settings (name, json) VALUES (?, ?) ON CONFLICT DO UPDATE SET json = excluded.json";

/** The catalogue of what is deployed, on a connection. */
export function sqliteCatalog(db: Database): Catalog {
  const query = queries(db);
  const known = new Known();
  const counting = known.counting(query);
  return {
    watch: (notice) => known.watch(notice),
    ...edits(counting, known),
    ...workflowTables(counting, known),
    ...scriptTables(counting, known),
    ...resourceTable(counting),
    ...versionTables(counting),
    ...workerTables(query),
    ...addressTables(query),
    ...timetable(query),
    ...subscriptionTable(query),
    ...credentialTables(query),
    ...secretsStoreTables(query),
    ...settings(query, known),
  };
}

function settings({ one, run, within }: Queries, known: Known): Settings {
  const get = (name: string): string | undefined =>
    one("SELECT json FROM settings WHERE name = ?", name)?.["json"] as string | undefined;
  return {
    setting: async (name) => get(name),
    changeSetting: async (name, change) => {
      within(() => run(PUT, name, change(get(name))));
      known.tell({ setting: name });
    },
  };
}
