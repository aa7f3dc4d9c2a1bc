/** Scripts, their versions and their deployments. */
import { createHash } from "node:crypto";
import type { Deployment, Deployments } from "../../../ports/catalog/deployments.ts";
import type { ScriptVersion, ScriptVersionInfo } from "../../../ports/catalog/script-versions.ts";
import type { Slice } from "../../../ports/catalog/slice.ts";
import type { Known } from "./known.ts";
import { count, type Queries, type Row, type Run } from "../connection/queries.ts";

type OfScripts = Exclude<keyof Deployments, "spareVersions" | "removeVersions">;

/** All of a version that is no code. */
const INFO =
  "id, script, script_versions.hash AS hash, number, created_at, bindings, compatibility_date, compatibility_flags, details";

const INFOS = `SELECT ${INFO} FROM script_versions WHERE script = ? AND number > 0 ORDER BY number DESC LIMIT ? OFFSET ?`;

const WHOLE = `SELECT ${INFO}, code, source_map, modules FROM script_versions JOIN script_code ON script_code.hash = code_hash`;

const ACTIVE = `${WHOLE} WHERE id = (SELECT active_version_id FROM scripts WHERE name = ?)`;

/** What is left of a removed script has numbers below 0, which differ from those of former ones of the same name. */
const RETIRE = `UPDATE script_versions
  SET number = (SELECT min(0, min(number)) FROM script_versions WHERE script = ?) - number
  WHERE script = ? AND number > 0`;

const SWEEP = "DELETE FROM script_versions WHERE number < 0 AND id NOT IN (SELECT script_version_id FROM workflow_versions)";

const SWEEP_CODE = "DELETE FROM script_code WHERE hash NOT IN (SELECT code_hash FROM script_versions)";

const DEPLOYMENT = "SELECT id, script, version_id AS versionId, created_at AS createdAt, annotations FROM deployments";

const DEPLOY = `INSERT INTO deployments (id, script, version_id, created_at, annotations)
  VALUES (:id, :script, :versionId, :createdAt, :annotations)`;

const POINT = `INSERT INTO scripts (name, active_version_id) VALUES (?, ?)
  ON CONFLICT DO UPDATE SET active_version_id = excluded.active_version_id`;

const ADD_VERSION = `INSERT INTO script_versions
  (id, script, hash, created_at, bindings, compatibility_date, compatibility_flags, code_hash, details, number)
  SELECT :id, :script, :hash, :createdAt, :bindings, :compatibilityDate, :compatibilityFlags, :codeHash, :details,
    1 + max(0, coalesce(max(number), 0)) FROM script_versions WHERE script = :script
  ON CONFLICT (id) DO NOTHING`;

/** What has to do with scripts alone. */
export function scriptTables({ one, all, run, within }: Queries, known: Known): Pick<Deployments, OfScripts> {
  return {
    activeScript: async (script) => {
      const version = known.active.get(script) ?? toScript(one(ACTIVE, script));
      if (version !== undefined) known.active.set(script, version);
      return version;
    },
    scriptNames: async () => all("SELECT name FROM scripts ORDER BY name").map(({ name }) => String(name)),
    scriptVersion: async (id) => toScript(one(`${WHOLE} WHERE id = ?`, id)),
    putScriptVersion: async (version) => {
      within(() => {
        addVersion(run, version);
        point(run, version.script, version.id);
      });
      known.active.delete(version.script);
    },
    scriptVersionInfo: async (id) => toInfo(one(`SELECT ${INFO} FROM script_versions WHERE id = ? AND number > 0`, id)),
    scriptVersions: async (script, offset, limit): Promise<Slice<ScriptVersionInfo>> => ({
      items: all(INFOS, script, limit, offset).flatMap((row) => toInfo(row) ?? []),
      total: count(one("SELECT count(*) AS n FROM script_versions WHERE script = ? AND number > 0", script)),
    }),
    deployments: async (script, offset, limit): Promise<Slice<Deployment>> => ({
      items: all(`${DEPLOYMENT} WHERE script = ? ORDER BY pk DESC LIMIT ? OFFSET ?`, script, limit, offset).map(toDeployment),
      total: count(one("SELECT count(*) AS n FROM deployments WHERE script = ?", script)),
    }),
  };
}

/** Within a transaction: this deployment is in force from now on. */
export function putDeployment(run: Run, deployment: Deployment): void {
  run(DEPLOY, { ...deployment, annotations: JSON.stringify(deployment.annotations) });
  point(run, deployment.script, deployment.versionId);
}

/** Within a transaction: forgets a script but for the code that workflows point to. False when there was none. */
export function deleteScript(run: Run, name: string): boolean {
  run(RETIRE, name, name);
  sweepScripts(run);
  run("DELETE FROM deployments WHERE script = ?", name);
  return run("DELETE FROM scripts WHERE name = ?", name);
}

/** Within a transaction: deletes what is left of removed scripts and not needed any more. */
export function sweepScripts(run: Run): void {
  run(SWEEP);
  run(SWEEP_CODE);
}

/** Within a transaction: stores a version unless it is known already. */
export function addVersion(run: Run, version: ScriptVersion): void {
  const { mainModule, exports, workflows, objectClasses, annotations, assets } = version;
  run(ADD_VERSION, {
    ...version,
    bindings: JSON.stringify(version.bindings),
    compatibilityDate: version.compatibilityDate ?? null,
    compatibilityFlags: JSON.stringify(version.compatibilityFlags),
    codeHash: addCode(run, version),
    details: JSON.stringify({ mainModule, exports, workflows, objectClasses, annotations, assets }),
  });
}

/** Stores code that is not there yet; answers the hash by which it is found. */
function addCode(run: Run, { code, sourceMap, modules }: ScriptVersion): string {
  const others = modules === undefined ? null : JSON.stringify(modules);
  const hash = createHash("sha256")
    .update(JSON.stringify([code, sourceMap ?? null, others]))
    .digest("hex");
  run("INSERT INTO script_code VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", hash, code, sourceMap ?? null, others);
  return hash;
}

function point(run: Run, script: string, versionId: string): void {
  run(POINT, script, versionId);
}

function toScript(row: Row | undefined): ScriptVersion | undefined {
  const info = toInfo(row);
  if (row === undefined || info === undefined) return undefined;
  const { number: _, ...version } = info;
  const { source_map: sourceMap, modules } = row;
  return {
    ...version,
    code: String(row["code"]),
    ...(typeof sourceMap === "string" && { sourceMap }),
    ...(typeof modules === "string" && { modules: JSON.parse(modules) as NonNullable<ScriptVersion["modules"]> }),
  };
}

type Details = Pick<ScriptVersion, "mainModule" | "exports" | "workflows" | "objectClasses" | "annotations" | "assets">;

function toInfo(row: Row | undefined): ScriptVersionInfo | undefined {
  if (row === undefined) return undefined;
  const { compatibility_date: compatibilityDate } = row;
  return {
    ...(JSON.parse(String(row["details"])) as Details),
    id: String(row["id"]),
    script: String(row["script"]),
    hash: String(row["hash"]),
    number: Number(row["number"]),
    bindings: JSON.parse(String(row["bindings"])) as ScriptVersion["bindings"],
    compatibilityFlags: JSON.parse(String(row["compatibility_flags"])) as string[],
    createdAt: Number(row["created_at"]),
    ...(typeof compatibilityDate === "string" && { compatibilityDate }),
  };
}

function toDeployment(row: Row): Deployment {
  return { ...row, annotations: JSON.parse(String(row["annotations"])) as Deployment["annotations"] } as unknown as Deployment;
}
