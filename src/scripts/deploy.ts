/**
 * Puts a project into the catalogue: its script, and a version of each of its workflows. What has not changed is not
 * stored again, so starting `dev` twice makes one version. Instances under way stay on the version they began with.
 */
import { createHash, randomUUID } from "node:crypto";
import type { Binding, Catalog, ScriptVersion, WorkflowSettings } from "../ports/catalog.ts";
import type { Bundle } from "./bundle.ts";
import { LIMITS } from "../model/limits.ts";
import { ProjectError, type ProjectConfig, type WorkflowConfig } from "./config.ts";
import { putWorkflow, schedulesWith } from "./workflow.ts";

/** What a deployment did. */
export interface Deployment {
  readonly script: string;
  readonly scriptVersionId: string;
  /** False when the very same had been deployed before. */
  readonly changed: boolean;
  readonly workflows: readonly string[];
}

/** Deploys a bundled project. Rejects with a `ProjectError` when a class is missing; nothing has changed then. */
export async function deploy(
  catalog: Catalog,
  config: ProjectConfig,
  bundle: Bundle,
  secrets: Readonly<Record<string, string>>,
  load: (version: ScriptVersion) => Promise<void>,
): Promise<Deployment> {
  const own = config.workflows.filter(({ script_name: script }) => script === undefined || script === config.name);
  for (const { name, class_name: className } of own) {
    if (bundle.exports.includes(className)) continue;
    const known = bundle.exports.filter((each) => each !== "default").join(", ") || "no classes";
    throw new ProjectError(
      `${config.main} exports no class "${className}", which the workflow "${name}" needs (it exports ${known})`,
    );
  }
  const schedules = await schedulesWith(
    catalog,
    own.map(({ name, schedules: crons = [] }) => ({ name, crons })),
  );
  if (schedules > LIMITS.schedules)
    throw new ProjectError(`${config.file}: workflows[].schedules: ${schedules} in all; there may be ${LIMITS.schedules}`);
  const wanted = scriptVersion(config, bundle, secrets);
  const active = await catalog.activeScript(config.name);
  const changed = active?.hash !== wanted.hash;
  const version = changed ? wanted : active;
  if (changed) {
    // Code that does not load is refused before anything points to it.
    await load(version);
    await catalog.putScriptVersion(version);
  }
  for (const workflow of own) {
    const { name, class_name: className } = workflow;
    await putWorkflow(catalog, { name, className, script: config.name }, version.id, settingsOf(workflow));
  }
  return { script: config.name, scriptVersionId: version.id, changed, workflows: own.map(({ name }) => name) };
}

function settingsOf({ limits, concurrency, schedules }: WorkflowConfig): WorkflowSettings {
  return {
    ...(limits?.steps !== undefined && { limits: { steps: limits.steps } }),
    ...(concurrency?.limit !== undefined && { concurrency: { limit: concurrency.limit } }),
    ...(schedules !== undefined && { schedules: schedules.map((cron) => ({ cron })) }),
  };
}

function scriptVersion(config: ProjectConfig, bundle: Bundle, secrets: Readonly<Record<string, string>>): ScriptVersion {
  const content = {
    script: config.name,
    code: bundle.code,
    bindings: bindings(config, secrets),
    compatibilityFlags: config.compatibility_flags,
    ...(config.compatibility_date !== undefined && { compatibilityDate: config.compatibility_date }),
  };
  const hash = createHash("sha256").update(JSON.stringify(content)).digest("hex");
  return { ...content, id: randomUUID(), hash, sourceMap: bundle.sourceMap, createdAt: Date.now() };
}

function bindings(config: ProjectConfig, secrets: Readonly<Record<string, string>>): Binding[] {
  const vars = Object.entries(config.vars).filter(([name]) => !Object.hasOwn(secrets, name));
  return [
    ...vars.map(([name, value]): Binding =>
      typeof value === "string" ? { type: "plain_text", name, text: value } : { type: "json", name, json: value },
    ),
    ...Object.entries(secrets).map(([name, text]): Binding => ({ type: "secret_text", name, text })),
    ...config.workflows.map(({ binding, name }): Binding => ({ type: "workflow", name: binding, workflow: name })),
  ];
}
