/** Workflows and their versions. */
import type { Slice } from "../../../ports/catalog/slice.ts";
import type { Workflow, WorkflowChange, Workflows, WorkflowVersion } from "../../../ports/catalog/workflows.ts";
import { count, type Queries, type Row, type Run } from "../connection/queries.ts";
import type { Known } from "./known.ts";
import { sweepScripts } from "./scripts.ts";
import { putCrons } from "./timetable.ts";

const WORKFLOW = `SELECT id, name, class_name AS className, script, version_id AS versionId,
  created_at AS createdAt, modified_at AS modifiedAt FROM workflows`;

const FOUND = `${WORKFLOW} WHERE instr(name, ?) > 0 ORDER BY created_at DESC, pk DESC LIMIT ? OFFSET ?`;

const VERSION = `SELECT id, workflow, class_name AS className, script_version_id AS scriptVersionId,
  created_at AS createdAt, settings, graph IS NOT NULL AS hasGraph FROM workflow_versions`;

const VERSIONS = `${VERSION} WHERE workflow = ? ORDER BY created_at DESC, pk DESC LIMIT ? OFFSET ?`;

const PUT = `INSERT INTO workflows (name, id, class_name, script, version_id, created_at, modified_at)
  VALUES (:name, :id, :className, :script, :versionId, :createdAt, :modifiedAt)
  ON CONFLICT (name) DO UPDATE SET id = excluded.id, class_name = excluded.class_name, script = excluded.script,
    version_id = excluded.version_id, created_at = excluded.created_at, modified_at = excluded.modified_at`;

const ADD_VERSION = `INSERT INTO workflow_versions (id, workflow, class_name, script_version_id, created_at, settings, graph)
  VALUES (:id, :workflow, :className, :scriptVersionId, :createdAt, :settings, :graph) ON CONFLICT (id) DO NOTHING`;

/** Both tables. */
export function workflowTables(query: Queries, known: Known): Workflows {
  const { one, all, run, within } = query;
  const workflow = (name: string): Workflow | undefined => {
    const found = known.workflows.get(name) ?? (one(`${WORKFLOW} WHERE name = ?`, name) as Workflow | undefined);
    if (found !== undefined) known.workflows.set(name, found);
    return found;
  };
  return {
    workflow: async (name) => workflow(name),
    workflows: async ({ search = "", offset, limit }): Promise<Slice<Workflow>> => ({
      items: all(FOUND, search, limit, offset) as unknown as Workflow[],
      total: count(one("SELECT count(*) AS n FROM workflows WHERE instr(name, ?) > 0", search)),
    }),
    putWorkflow: async (changed, version, graph) => {
      within(() => putWorkflow(run, { workflow: changed, version, ...(graph !== undefined && { graph }) }));
      known.changed([changed.name]);
    },
    removeWorkflow: async (name) => {
      const removed = within(() => deleteWorkflow(run, name));
      known.changed([name]);
      return removed;
    },
    workflowsOf: async (script) => workflowsOf(all, script),
    ...versions(query),
  };
}

/** Those of a script, by name. */
export function workflowsOf(all: Queries["all"], script: string): Workflow[] {
  return all(`${WORKFLOW} WHERE script = ? ORDER BY name`, script) as unknown as Workflow[];
}

function versions({ one, all }: Queries): Pick<Workflows, "workflowVersion" | "workflowGraph" | "workflowVersions"> {
  return {
    workflowVersion: async (id) => toVersion(one(`${VERSION} WHERE id = ?`, id)),
    workflowGraph: async (id) =>
      one("SELECT graph FROM workflow_versions WHERE id = ? AND graph IS NOT NULL", id)?.["graph"] as string | undefined,
    workflowVersions: async (of, offset, limit): Promise<Slice<WorkflowVersion>> => ({
      items: all(VERSIONS, of, limit, offset).flatMap((row) => toVersion(row) ?? []),
      total: count(one("SELECT count(*) AS n FROM workflow_versions WHERE workflow = ?", of)),
    }),
  };
}

function deleteWorkflow(run: Run, name: string): boolean {
  run("DELETE FROM workflow_versions WHERE workflow = ?", name);
  putCrons(run, { kind: "workflow", owner: name, crons: [], from: 0 });
  sweepScripts(run);
  return run("DELETE FROM workflows WHERE name = ?", name);
}

/** Within a transaction: stores a workflow with a version that becomes its newest. */
export function putWorkflow(run: Run, { workflow, version, graph }: WorkflowChange): void {
  run(PUT, workflow);
  run(ADD_VERSION, { ...version, settings: JSON.stringify(version.settings), graph: graph ?? null });
  const crons = (version.settings.schedules ?? []).map(({ cron }) => cron);
  putCrons(run, { kind: "workflow", owner: version.workflow, crons, from: version.createdAt });
}

function toVersion(row: Row | undefined): WorkflowVersion | undefined {
  if (row === undefined) return undefined;
  const settings: unknown = JSON.parse(String(row["settings"]));
  return { ...row, settings, hasGraph: row["hasGraph"] === 1 } as unknown as WorkflowVersion;
}
