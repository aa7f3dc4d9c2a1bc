/**
 * Deploys a project that has been bundled here, for `stepwell dev`. What has not changed is not stored again, so starting
 * `dev` twice makes one version.
 */
import { LIMITS } from "../model/limits.ts";
import type { Binding, ScriptAssets, ScriptVersion, WorkflowSettings } from "../ports/catalog.ts";
import { openSecrets } from "../ports/secrets.ts";
import type { Bundle } from "./bundle.ts";
import { ProjectError, type ProjectConfig, type WorkflowConfig } from "./config.ts";
import { contentHash, type Publisher, type WantedVersion } from "./publisher.ts";
import { classesWith, objectClasses, putObjectClasses } from "./objects.ts";
import { migrationsAfter, servicesBindings } from "./services-config.ts";
import { makeResources, storageBindings } from "./storage-config.ts";
import { queueBindings } from "./queue-config.ts";
import { putWorkflow, schedulesWith } from "./workflow.ts";

/** What a deployment did. */
export interface DevDeployment {
  readonly script: string;
  readonly scriptVersionId: string;
  /** False when the very same had been deployed before. */
  readonly changed: boolean;
  readonly workflows: readonly string[];
}

/** Deploys a bundled project. Rejects with a `ProjectError` when a class is missing; nothing has changed then. */
export async function deploy(
  publisher: Publisher,
  config: ProjectConfig,
  bundle: Bundle,
  secrets: Readonly<Record<string, string>>,
  assets?: ScriptAssets,
): Promise<DevDeployment> {
  const { catalog } = publisher;
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
  const workflows = own.map((each) => ({ name: each.name, className: each.class_name, settings: settingsOf(each) }));
  const wanted: WantedVersion = { ...content(config, bundle, secrets), workflows, ...(assets && { assets }) };
  return publisher.inTurn(config.name, async () => {
    await makeResources(catalog, config, Date.now());
    const active = await catalog.activeScript(config.name);
    const { tag } = await objectClasses(catalog, config.name);
    const objects = await classesWith(catalog, config.name, wanted, migrationsAfter(tag, config));
    const deployed = { script: config.name, workflows: own.map(({ name }) => name) };
    const changed = active === undefined || !isUnchanged(publisher, active, wanted);
    const version = changed ? await publisher.store(wanted, "mapped") : active;
    await publisher.exclusively(async () => {
      if (changed) await publisher.activate(version, workflows);
      else
        for (const { name, className, settings } of workflows)
          await putWorkflow(catalog, { name, className, script: config.name }, active, settings);
      await putObjectClasses(catalog, config.name, objects);
    });
    return { ...deployed, scriptVersionId: version.id, changed };
  });
}

/** A version whose secrets cannot be read any more is deployed anew. */
function isUnchanged({ vault }: Publisher, active: ScriptVersion, wanted: WantedVersion): boolean {
  if (active.hash !== contentHash(wanted)) return false;
  try {
    return JSON.stringify(secretsOf(openSecrets(vault, active))) === JSON.stringify(secretsOf(wanted));
  } catch {
    return false;
  }
}

function secretsOf({ bindings }: Pick<ScriptVersion, "bindings">): readonly Binding[] {
  return bindings.filter(({ type }) => type === "secret_text");
}

function settingsOf({ limits, concurrency, schedules }: WorkflowConfig): WorkflowSettings {
  return {
    ...(limits?.steps !== undefined && { limits: { steps: limits.steps } }),
    ...(concurrency?.limit !== undefined && { concurrency: { limit: concurrency.limit } }),
    ...(schedules !== undefined && { schedules: schedules.map((cron) => ({ cron })) }),
  };
}

function content(config: ProjectConfig, bundle: Bundle, secrets: Readonly<Record<string, string>>): WantedVersion {
  return {
    script: config.name,
    code: bundle.code,
    sourceMap: bundle.sourceMap,
    exports: bundle.exports,
    bindings: bindings(config, secrets),
    compatibilityFlags: config.compatibility_flags,
    ...(config.compatibility_date !== undefined && { compatibilityDate: config.compatibility_date }),
  };
}

function bindings(config: ProjectConfig, secrets: Readonly<Record<string, string>>): Binding[] {
  const vars = Object.entries(config.vars).filter(([name]) => !Object.hasOwn(secrets, name));
  return [
    ...vars.map(([name, value]): Binding =>
      typeof value === "string" ? { type: "plain_text", name, text: value } : { type: "json", name, json: value },
    ),
    ...Object.entries(secrets).map(([name, text]): Binding => ({ type: "secret_text", name, text })),
    ...storageBindings(config),
    ...queueBindings(config),
    ...servicesBindings(config.name, config),
    ...config.workflows.map(({ binding, name, class_name: className, script_name: script }): Binding => ({
      type: "workflow",
      name: binding,
      workflow: name,
      className,
      ...(script !== undefined && script !== config.name && { script }),
    })),
  ];
}
