/** The catalogue of what is deployed, in small tables of the same database. */
import type {
  Catalog,
  CatalogChange,
  NewWorkflowVersion,
  Schedule,
  ScriptVersion,
  Slice,
  TokenRecord,
  Workflow,
  WorkflowVersion,
} from "../../ports/catalog.ts";
import { transaction, type Database, type Statement } from "./database.ts";

type Row = Record<string, unknown>;

const WORKFLOW = `SELECT id, name, class_name AS className, script, version_id AS versionId,
  created_at AS createdAt, modified_at AS modifiedAt FROM workflows`;

const VERSION = `SELECT id, workflow, class_name AS className, script_version_id AS scriptVersionId,
  created_at AS createdAt, settings, graph IS NOT NULL AS hasGraph FROM workflow_versions`;

const SCHEDULE = "SELECT workflow, cron, followed_to AS followedTo FROM schedules";

const FOLLOW = "UPDATE schedules SET followed_to = max(followed_to, ?) WHERE workflow = ? AND cron = ?";

const TOKEN = "SELECT id, label, hash, created_at AS createdAt FROM tokens";

/** The catalogue of what is deployed, on a connection. */
export function sqliteCatalog(db: Database): Catalog {
  const query = queries(db);
  // Only this process deploys, so it knows of every change: others that have the file open see to tokens.
  const notices: ((change: CatalogChange) => void)[] = [];
  const tell = (change: CatalogChange): void => notices.forEach((notice) => notice(change));
  return { watch: (notice) => void notices.push(notice), ...workflowTables(query, tell), ...otherTables(query, tell) };
}

type Tell = (change: CatalogChange) => void;

interface Queries {
  readonly one: (sql: string, ...values: (string | number)[]) => Row | undefined;
  readonly all: (sql: string, ...values: (string | number)[]) => Row[];
  readonly run: Run;
  readonly within: <T>(work: () => T) => T;
}

/** Statements are prepared when they are first asked for. */
function queries(db: Database): Queries {
  const statements = new Map<string, Statement>();
  const prepared = (sql: string): Statement => {
    let statement = statements.get(sql);
    if (statement === undefined) statements.set(sql, (statement = db.prepare(sql)));
    return statement;
  };
  return {
    one: (sql, ...values) => prepared(sql).get(...values),
    all: (sql, ...values) => prepared(sql).all(...values),
    run: (sql, ...values) => prepared(sql).run(...values).changes > 0,
    within: (work) => transaction(db, work),
  };
}

type OfWorkflows =
  | "workflow"
  | "workflows"
  | "putWorkflow"
  | "removeWorkflow"
  | "workflowVersion"
  | "workflowGraph"
  | "workflowVersions"
  | "schedules"
  | "followSchedule";

function workflowTables(query: Queries, tell: Tell): Pick<Catalog, OfWorkflows> {
  const { one, all, run, within } = query;
  // Asked for with every instance that is made.
  const workflows = new Map<string, Workflow>();
  const workflow = (name: string): Workflow | undefined => {
    const known = workflows.get(name) ?? (one(`${WORKFLOW} WHERE name = ?`, name) as Workflow | undefined);
    if (known !== undefined) workflows.set(name, known);
    return known;
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
      workflows.delete(changed.name);
      within(() => putWorkflow(run, changed, version, graph));
      tell({ workflow: changed.name });
    },
    removeWorkflow: async (name) => {
      workflows.delete(name);
      const removed = within(() => {
        run("DELETE FROM workflow_versions WHERE workflow = ?", name);
        run("DELETE FROM schedules WHERE workflow = ?", name);
        return run("DELETE FROM workflows WHERE name = ?", name);
      });
      tell({ workflow: name });
      return removed;
    },
    ...versions(query),
    schedules: async () => all(SCHEDULE) as unknown as Schedule[],
    followSchedule: async (of, cron, to) => void run(FOLLOW, to, of, cron),
  };
}

function otherTables(query: Queries, tell: Tell): Omit<Catalog, OfWorkflows | "watch"> {
  const { one, all, run, within } = query;
  return {
    activeScript: async (script) =>
      toScript(one("SELECT * FROM script_versions WHERE id = (SELECT active_version_id FROM scripts WHERE name = ?)", script)),
    scriptNames: async () => all("SELECT name FROM scripts ORDER BY name").map(({ name }) => String(name)),
    scriptVersion: async (id) => toScript(one("SELECT * FROM script_versions WHERE id = ?", id)),
    putScriptVersion: async (version) => within(() => putScriptVersion(run, version)),

    tokens: async () => all(`${TOKEN} ORDER BY created_at, pk`) as unknown as TokenRecord[],
    putToken: async ({ id, label, hash, createdAt }) => {
      run("INSERT INTO tokens (id, label, hash, created_at) VALUES (?, ?, ?, ?)", id, label, hash, createdAt);
    },
    removeToken: async (id) => run("DELETE FROM tokens WHERE id = ?", id),

    ...settings(query, tell),
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

/** True when it changed something. */
type Run = (sql: string, ...values: (string | number | null)[]) => boolean;

function putWorkflow(run: Run, workflow: Workflow, version: NewWorkflowVersion, graph: string | undefined): void {
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
  putSchedules(run, version);
}

function putSchedules(run: Run, { workflow, createdAt, settings }: NewWorkflowVersion): void {
  const crons = JSON.stringify((settings.schedules ?? []).map(({ cron }) => cron));
  run("DELETE FROM schedules WHERE workflow = ? AND cron NOT IN (SELECT value FROM json_each(?))", workflow, crons);
  run("INSERT INTO schedules SELECT ?, value, ? FROM json_each(?) WHERE true ON CONFLICT DO NOTHING", workflow, createdAt, crons);
}

function putScriptVersion(run: Run, version: ScriptVersion): void {
  run(
    `INSERT INTO script_versions
       (id, script, hash, created_at, bindings, compatibility_date, compatibility_flags, source_map, code)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
    version.id,
    version.script,
    version.hash,
    version.createdAt,
    JSON.stringify(version.bindings),
    version.compatibilityDate ?? null,
    JSON.stringify(version.compatibilityFlags),
    version.sourceMap ?? null,
    version.code,
  );
  run(
    "INSERT INTO scripts (name, active_version_id) VALUES (?, ?) ON CONFLICT DO UPDATE SET active_version_id = excluded.active_version_id",
    version.script,
    version.id,
  );
}

function toVersion(row: Row | undefined): WorkflowVersion | undefined {
  if (row === undefined) return undefined;
  const settings: unknown = JSON.parse(String(row["settings"]));
  return { ...row, settings, hasGraph: row["hasGraph"] === 1 } as unknown as WorkflowVersion;
}

function toScript(row: Row | undefined): ScriptVersion | undefined {
  if (row === undefined) return undefined;
  const { source_map: sourceMap, compatibility_date: compatibilityDate } = row;
  return {
    id: String(row["id"]),
    script: String(row["script"]),
    hash: String(row["hash"]),
    code: String(row["code"]),
    bindings: JSON.parse(String(row["bindings"])) as ScriptVersion["bindings"],
    compatibilityFlags: JSON.parse(String(row["compatibility_flags"])) as string[],
    createdAt: Number(row["created_at"]),
    ...(typeof sourceMap === "string" && { sourceMap }),
    ...(typeof compatibilityDate === "string" && { compatibilityDate }),
  };
}

function count(row: Row | undefined): number {
  return Number(row?.["n"]);
}
