/**
 * Deploys a project that has been bundled here, for `stepwell dev`. What has not changed is not stored again, so starting
 * `dev` twice makes one version.
 */
import { relative } from "node:path";
import { LIMITS } from "../../model/limits.ts";
import type { CatalogEdit } from "../../ports/catalog/edits.ts";
import type { Workers } from "../../ports/catalog/workers.ts";
import type { ScriptAssets, ScriptVersion } from "../../ports/catalog/script-versions.ts";
import { openSecrets, secretBindings } from "../../bindings/secrets.ts";
import type { Bundle } from "../build/bundle.ts";
import { tooManySchedules, type ProjectConfig } from "../config/project.ts";
import { ProjectError } from "../config/project-error.ts";
import { resourcesOf } from "../versions/resources.ts";
import { activation } from "../versions/activation.ts";
import { change } from "./change.ts";
import { cronsEdit } from "./set-crons.ts";
import { contentHash, versionMaker, type Publisher, type WantedVersion } from "../versions/publisher.ts";
import { classesWith, classNames, migrationsAfter, type ObjectChanges } from "../versions/objects.ts";
import { schedulesWith, workflowEdit } from "../versions/workflow.ts";

/** What a deployment did. */
export interface DevDeployment {
  readonly script: string;
  readonly scriptVersionId: string;
  /** False when the very same had been deployed before. */
  readonly changed: boolean;
  readonly workflows: readonly string[];
}

/** What there is instead of code in a project of static assets alone. */
const NO_CODE: Bundle = { code: "", modules: [], exports: [], inputs: [], warnings: [] };

/** Deploys a bundled project. Rejects with a `ProjectError` when a class is missing; nothing has changed then. */
export async function deploy(
  publisher: Publisher,
  config: ProjectConfig,
  bundle: Bundle = NO_CODE,
  assets?: ScriptAssets,
): Promise<DevDeployment> {
  const { catalog, clock } = publisher;
  const { workflows } = config;
  checkClasses(config, bundle);
  const crons = workflows.map(({ name, settings }) => ({ name, crons: (settings?.schedules ?? []).map(({ cron }) => cron) }));
  const code = versionOf(config, bundle, assets);
  const make = versionMaker(publisher, "mapped");
  return change(catalog, async () => {
    const now = clock.now();
    const schedules = await schedulesWith(catalog, crons);
    if (schedules > LIMITS.schedules) throw tooManySchedules(config.file, schedules);
    const active = await catalog.activeScript(config.name);
    const objects = await classesWith(publisher, config.name, code, await objectChanges(catalog, config));
    const wanted = { ...code, objectClasses: classNames(objects) };
    const changed = active === undefined || !isUnchanged(publisher, active, wanted);
    const version = changed ? await make(wanted) : active;
    const edits: CatalogEdit[] = resourcesOf(config.bindings).map(({ type, id }) => ({
      type: "resource",
      resource: { type, id, name: type === "d1" ? (config.databaseNames[id] ?? id) : id, createdAt: now },
    }));
    if (changed) edits.push({ type: "version", version }, ...(await activation(publisher, version, workflows)).edits);
    else
      for (const { name, className, settings = {} } of workflows)
        edits.push(...(await workflowEdit(publisher, { name, className, script: config.name }, active, settings)));
    edits.push({ type: "object_classes", script: config.name, classes: objects });
    edits.push(await cronsEdit(catalog, config.name, config.crons, now));
    const names = workflows.map(({ name }) => name);
    return { edits, result: { script: config.name, scriptVersionId: version.id, changed, workflows: names } };
  });
}

/** A version whose secrets cannot be read any more is deployed anew. */
function isUnchanged({ vault }: Publisher, active: ScriptVersion, wanted: WantedVersion): boolean {
  if (active.hash !== contentHash(wanted)) return false;
  try {
    return (
      JSON.stringify(secretBindings(openSecrets(vault, active).bindings)) === JSON.stringify(secretBindings(wanted.bindings))
    );
  } catch {
    return false;
  }
}

function checkClasses({ build, bindings, workflows }: ProjectConfig, { exports }: Bundle): void {
  if (exports === undefined) return;
  const missing = (className: string): boolean => !exports.includes(className);
  const known = exports.filter((each) => each !== "default").join(", ") || "no classes";
  const main = build === undefined ? "The Worker" : relative(build.folder, build.main);
  const refuse = (className: string, what: string): never => {
    throw new ProjectError(`${main} exports no class "${className}", which ${what} needs (it exports ${known})`);
  };
  for (const { name, className } of workflows) if (missing(className)) refuse(className, `the workflow "${name}"`);
  for (const each of bindings)
    if (each.type === "durable_object_namespace" && each.script === undefined && missing(each.className))
      refuse(each.className, `the Durable Object binding "${each.name}"`);
}

async function objectChanges(catalog: Workers, { name, objects }: ProjectConfig): Promise<ObjectChanges> {
  if (!("migrations" in objects)) return objects;
  const { tag } = await catalog.objectClasses(name);
  return { migrations: migrationsAfter(tag, objects.migrations) };
}

function versionOf(config: ProjectConfig, bundle: Bundle, assets: ScriptAssets | undefined): WantedVersion {
  const { code, sourceMap, mainModule, modules, exports } = bundle;
  return {
    script: config.name,
    code,
    ...(modules.length > 0 && { modules }),
    bindings: config.bindings,
    workflows: config.workflows,
    compatibilityFlags: config.compatibilityFlags,
    ...(sourceMap !== undefined && { sourceMap }),
    ...(mainModule !== undefined && { mainModule }),
    ...(exports !== undefined && { exports }),
    ...(assets && { assets }),
    ...(config.compatibilityDate !== undefined && { compatibilityDate: config.compatibilityDate }),
  };
}
