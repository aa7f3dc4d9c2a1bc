/** Versions that are no longer needed: finds them, as far as the catalogue knows, and deletes them. */
import type { Deployments } from "../../../ports/catalog/deployments.ts";
import type { Queries } from "../connection/queries.ts";
import { sweepScripts } from "./scripts.ts";

/** In force are a workflow's newest version and a script's active one, and the code that they run on. */
const WORKFLOW_IN_FORCE = "SELECT version_id FROM workflows";
const SCRIPT_IN_FORCE = `SELECT active_version_id FROM scripts
  UNION SELECT script_version_id FROM workflow_versions WHERE id IN (${WORKFLOW_IN_FORCE})`;

const SPARE_WORKFLOWS = `SELECT id FROM
  (SELECT id, row_number() OVER (PARTITION BY workflow ORDER BY created_at DESC, pk DESC) AS place FROM workflow_versions)
  WHERE place > ? AND id NOT IN (${WORKFLOW_IN_FORCE})`;

/** What is left of removed scripts has numbers below 0. */
const SPARE_SCRIPTS = `SELECT id FROM
  (SELECT id, number, row_number() OVER (PARTITION BY script ORDER BY number DESC) AS place FROM script_versions)
  WHERE (place > ? OR number < 0) AND id NOT IN (${SCRIPT_IN_FORCE})`;

/** What has to do with versions as a whole. */
export function versionTables({ all, run, within }: Queries): Pick<Deployments, "spareVersions" | "removeVersions"> {
  const ids = (sql: string, keep: number): string[] => all(sql, keep).map(({ id }) => String(id));
  return {
    spareVersions: async (keep) => ({ workflowVersions: ids(SPARE_WORKFLOWS, keep), scriptVersions: ids(SPARE_SCRIPTS, keep) }),
    removeVersions: async ({ workflowVersions, scriptVersions }) =>
      within(() => {
        for (const id of workflowVersions)
          run(`DELETE FROM workflow_versions WHERE id = ? AND id NOT IN (${WORKFLOW_IN_FORCE})`, id);
        for (const id of scriptVersions) {
          if (!run(`DELETE FROM script_versions WHERE id = ? AND id NOT IN (${SCRIPT_IN_FORCE})`, id)) continue;
          run("DELETE FROM deployments WHERE version_id = ?", id);
        }
        sweepScripts(run);
      }),
  };
}
