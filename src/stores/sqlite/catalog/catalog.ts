/** The catalogue of what is deployed, in small tables of the same database. */
import type { Catalog, CatalogChange } from "../../../ports/catalog/catalog.ts";
import type { Slice } from "../../../ports/catalog/slice.ts";
import type { Workflow, WorkflowChange, WorkflowVersion } from "../../../ports/catalog/workflows.ts";
import type { Database } from "../connection/database.ts";
import { credentialTables } from "./credentials.ts";
import { subscriptionTable } from "./subscriptions.ts";
import { count, queries, type Queries, type Row, type Run } from "../connection/queries.ts";
import { resourceTable } from "./resources.ts";
import { deleteScript, putDeployment, scriptTables, sweepScripts, type ActiveScripts } from "./scripts.ts";
import { putCrons, timetable } from "./timetable.ts";
import { versionTables } from "./versions.ts";

const WORKFLOW = `SELECT id, name, class_name AS className, script, version_id AS versionId,
  created_at AS createdAt, modified_at AS modifiedAt FROM workflows`;

const VERSION = `SELECT id, workflow, class_name AS className, script_version_id AS scriptVersionId,
  created_at AS createdAt, settings, graph IS NOT NULL AS hasGraph FROM workflow_versions`;

/** The catalogue of what is deployed, on a connection. */
export function sqliteCatalog(db: Database): Catalog {
  const query = queries(db);
  // Only this process deploys, so it knows of every change: others that have the file open see to tokens.
  const notices: ((change: CatalogChange) => void)[] = [];
  const active: ActiveScripts = new Map();
  const tell = (change: CatalogChange): void => notices.forEach((notice) => notice(change));
  return {
    watch: (notice) => void notices.push(notice),
    ...workflowTables(query, tell, active),
    ...scriptTables(query, active),
    ...resourceTable(query),
    ...subscriptionTable(query),
    ...timetable(query),
    ...versionTables(query),
    ...credentialTables(query),
    ...settings(query, tell),
  };
}

type Tell = (change: CatalogChange) => void;

type OfWorkflows =
  | "workflow"
  | "workflows"
  | "putWorkflow"
  | "removeWorkflow"
  | "workflowsOf"
  | "activate"
  | "removeScript"
  | "workflowVersion"
  | "workflowGraph"
  | "workflowVersions";

function workflowTables(query: Queries, tell: Tell, active: ActiveScripts): Pick<Catalog, OfWorkflows> {
  const { one, all, run, within } = query;
  // Asked for with every instance that is made.
  const workflows = new Map<string, Workflow>();
  const workflow = (name: string): Workflow | undefined => {
    const known = workflows.get(name) ?? (one(`${WORKFLOW} WHERE name = ?`, name) as Workflow | undefined);
    if (known !== undefined) workflows.set(name, known);
    return known;
  };
  const workflowsOf = (script: string): Workflow[] =>
    all(`${WORKFLOW} WHERE script = ? ORDER BY name`, script) as unknown as Workflow[];
  const told = (changed: readonly Pick<Workflow, "name">[]): void => {
    for (const { name } of changed) workflows.delete(name);
    for (const { name } of changed) tell({ workflow: name });
  };
  return {
    workflow: async (name) => workflow(name),
    workflows: async ({ search = "", offset, limit }): Promise<Slice<Workflow>> => ({
      items: all(
        `${WORKFLOW} WHERE instr(name, ?) > 0 ORDER BY created_at DESC, pk DESC LIMIT ? OFFSET ?`,
        search,
        limit,
        offset,
      ) as unknown as Workflow[],
      total: count(one("SELECT count(*) AS n FROM workflows WHERE instr(name, ?) > 0", search)),
    }),
    putWorkflow: async (changed, version, graph) => {
      within(() => putWorkflow(run, { workflow: changed, version, ...(graph !== undefined && { graph }) }));
      told([changed]);
    },
    removeWorkflow: async (name) => {
      const removed = within(() => deleteWorkflow(run, name));
      told([{ name }]);
      return removed;
    },
    workflowsOf: async (script) => workflowsOf(script),
    activate: async (deployment, changes) => {
      within(() => {
        putDeployment(run, deployment);
        for (const change of changes) putWorkflow(run, change);
      });
      active.delete(deployment.script);
      told(changes.map(({ workflow: changed }) => changed));
    },
    removeScript: async (script) => {
      const own = workflowsOf(script);
      const removed = within(() => {
        for (const { name } of own) putCrons(run, "workflow", name, [], 0);
        return deleteScript(run, script);
      });
      active.delete(script);
      if (removed) told(own);
      return removed;
    },
    ...versions(query),
  };
}

function versions({ one, all }: Queries): Pick<Catalog, "workflowVersion" | "workflowGraph" | "workflowVersions"> {
  return {
    workflowVersion: async (id) => toVersion(one(`${VERSION} WHERE id = ?`, id)),
    workflowGraph: async (id) =>
      one("SELECT graph FROM workflow_versions WHERE id = ? AND graph IS NOT NULL", id)?.["graph"] as string | undefined,
    workflowVersions: async (of, offset, limit): Promise<Slice<WorkflowVersion>> => ({
      items: all(`${VERSION} WHERE workflow = ? ORDER BY created_at DESC, pk DESC LIMIT ? OFFSET ?`, of, limit, offset)
        .map(toVersion)
        .filter((version) => version !== undefined),
      total: count(one("SELECT count(*) AS n FROM workflow_versions WHERE workflow = ?", of)),
    }),
  };
}

function settings({ one, run, within }: Queries, tell: Tell): Pick<Catalog, "setting" | "putSetting" | "changeSetting"> {
  const get = (name: string): string | undefined =>
    one("SELECT json FROM settings WHERE name = ?", name)?.["json"] as string | undefined;
  const put = (name: string, json: string): void => {
    run("INSERT INTO settings (name, json) VALUES (?, ?) ON CONFLICT DO UPDATE SET json = excluded.json", name, json);
  };
  return {
    setting: async (name) => get(name),
    putSetting: async (name, json) => {
      put(name, json);
      tell({ setting: name });
    },
    changeSetting: async (name, change) => {
      within(() => put(name, change(get(name))));
      tell({ setting: name });
    },
  };
}

function deleteWorkflow(run: Run, name: string): boolean {
  run("DELETE FROM workflow_versions WHERE workflow = ?", name);
  putCrons(run, "workflow", name, [], 0);
  sweepScripts(run);
  return run("DELETE FROM workflows WHERE name = ?", name);
}

function putWorkflow(run: Run, { workflow, version, graph }: WorkflowChange): void {
  run(
    `INSERT INTO workflows (name, id, class_name, script, version_id, created_at, modified_at) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET id = excluded.id, class_name = excluded.class_name, script = excluded.script,
       version_id = excluded.version_id, created_at = excluded.created_at, modified_at = excluded.modified_at`,
    workflow.name,
    workflow.id,
    workflow.className,
    workflow.script,
    workflow.versionId,
    workflow.createdAt,
    workflow.modifiedAt,
  );
  run(
    `INSERT INTO workflow_versions (id, workflow, class_name, script_version_id, created_at, settings, graph)
     VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
    version.id,
    version.workflow,
    version.className,
    version.scriptVersionId,
    version.createdAt,
    JSON.stringify(version.settings),
    graph ?? null,
  );
  const crons = (version.settings.schedules ?? []).map(({ cron }) => cron);
  putCrons(run, "workflow", version.workflow, crons, version.createdAt);
}

function toVersion(row: Row | undefined): WorkflowVersion | undefined {
  if (row === undefined) return undefined;
  const settings: unknown = JSON.parse(String(row["settings"]));
  return { ...row, settings, hasGraph: row["hasGraph"] === 1 } as unknown as WorkflowVersion;
}
