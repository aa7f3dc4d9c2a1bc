/** A project as it is deployed: what its wrangler configuration means here. */
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { LIMITS } from "../../model/limits.ts";
import { isWorkflowName } from "../../model/platform/names.ts";
import type { MigrationStep, ObjectExport } from "../../model/platform/objects.ts";
import type { Binding } from "../../ports/catalog/bindings.ts";
import type { DeclaredWorkflow, ScriptAssets } from "../../ports/catalog/script-versions.ts";
import type { BuildOptions } from "../build/options.ts";
import { assetsHandling, withoutUndefined } from "../assets/config.ts";
import { ProjectError } from "./project-error.ts";
import { queuesConfig, type QueuesConfig } from "./queues.ts";
import { cronExpression } from "../versions/workflow.ts";
import { SETTINGS, settingsOf } from "../upload/workflow-settings.ts";
import { projectBindings } from "./bindings.ts";
import { readEnvironment } from "./environment.ts";
import { withLocalDatabases } from "./local-databases.ts";
import type { WorkflowEntry } from "./newer.ts";
import { unsupportedParts } from "./unsupported.ts";
import { readWranglerConfig, type FoundConfig, type ReadOptions, type WranglerConfig } from "./wrangler.ts";

/** What `stepwell dev` takes from a project. Paths are absolute. */
export interface ProjectConfig {
  /** The script's name. */
  readonly name: string;
  /** The configuration that was read, for messages. */
  readonly file: string;
  /** Where the project is; data is kept there. */
  readonly folder: string;
  readonly compatibilityDate?: string;
  readonly compatibilityFlags: readonly string[];
  /** The workflows whose classes the script has. */
  readonly workflows: readonly DeclaredWorkflow[];
  readonly bindings: readonly Binding[];
  /** Patterns of routes and custom domains that lead to it on Cloudflare. */
  readonly routes: readonly string[];
  /** Where the migrations of D1 databases are, by the names of their bindings. */
  readonly migrations: Readonly<Record<string, DatabaseMigrations>>;
  /** Names of D1 databases, by their ids. */
  readonly databaseNames: Readonly<Record<string, string>>;
  readonly objects: ObjectsConfig;
  /** When `scheduled` is called. */
  readonly crons: readonly string[];
  readonly queues: QueuesConfig;
  readonly assets: AssetsConfig;
  /** How the code is built; undefined when the project is static assets alone. */
  readonly build?: BuildOptions;
  /** Where to listen, when the configuration says so. */
  readonly listen: { readonly ip?: string; readonly port?: number; readonly protocol: "http" | "https" };
  /** What the Worker sees in place of the local origin. */
  readonly origin: ProjectOrigin;
  /** Files that it comes from, there or not: a change of one is a change of it. */
  readonly inputs: readonly string[];
  /** The files that secrets come from, by name. */
  readonly secretsFrom: readonly string[];
  /** What the user should know, in wrangler's words where they are wrangler's. */
  readonly warnings: readonly string[];
}

/** The migrations of a database: their folder (absolute), and the table that says which have been applied. */
export interface DatabaseMigrations {
  readonly folder: string;
  readonly table: string;
}

/** What becomes of the script's Durable Objects: by migrations, or by the classes that there are to be. */
export type ObjectsConfig =
  | { readonly migrations: readonly (MigrationStep & { readonly tag: string })[] }
  | { readonly exports: Readonly<Record<string, ObjectExport>> };

/** Static assets: where they are, and how they are served. */
export type AssetsConfig = ScriptAssets["config"] & { readonly directory?: string };

export interface ProjectOrigin {
  readonly protocol: "http" | "https";
  /** The local one, if it is not said. */
  readonly host?: string;
}

/** What a command line says, which goes before what the configuration says. */
export interface ProjectOptions
  extends
    ReadOptions,
    Partial<
      Pick<BuildOptions, "jsxFactory" | "jsxFragment" | "define" | "alias" | "minify" | "tsconfig" | "compatibilityFlags">
    > {
  readonly name?: string;
  /** The entry module, absolute. */
  readonly main?: string;
  /** The folder of static assets, absolute. */
  readonly assets?: string;
  /** Files of variables instead of `.dev.vars` and `.env`, absolute; later ones go before earlier ones. */
  readonly envFiles?: readonly string[];
  /** False when the entry is taken as it is. */
  readonly bundles?: boolean;
  /** JSON values. */
  readonly vars?: Readonly<Record<string, unknown>>;
  readonly secrets?: Readonly<Record<string, string>>;
  /** Names of Workers that service bindings lead to, by the names of the bindings. */
  readonly services?: Readonly<Record<string, string>>;
  readonly compatibilityDate?: string;
  readonly origin?: OriginOptions;
}

/** What the Worker is to see as its own origin. */
export interface OriginOptions {
  readonly host?: string;
  readonly protocol?: "http" | "https";
  readonly routes?: readonly string[];
  /** False when routes do not matter. */
  readonly infers?: boolean;
}

/** Reads the project in a folder. Rejects with a `ProjectError`. */
export async function readProject(folder: string, options: ProjectOptions = {}): Promise<ProjectConfig> {
  let found = await readWranglerConfig(folder, options);
  const config = withLocalDatabases(overridden(found.config, options), process.env);
  found = { ...found, config };
  if (config.pages_build_output_dir !== undefined && config.main === undefined)
    throw new ProjectError(`${found.file}: Pages projects are not supported; migrate to a Worker with static assets`);
  const name = config.name ?? "worker";
  const local = await readEnvironment(found.folder, {
    env: config.targetEnvironment ?? options.env,
    required: config.secrets && (config.secrets.required ?? []),
    vars: Object.keys(config.vars),
    files: options.envFiles,
    processEnv: process.env,
  });
  const date = options.compatibilityDate ?? config.compatibility_date;
  const flags = options.compatibilityFlags ?? config.compatibility_flags;
  return {
    name,
    file: found.file,
    folder: found.folder,
    ...(date !== undefined && { compatibilityDate: date }),
    compatibilityFlags: flags,
    workflows: workflowsOf(name, found),
    bindings: projectBindings(name, config, local.secrets, options),
    databaseNames: Object.fromEntries(
      config.d1_databases.map(({ binding, database_id: id, database_name: called }) => [
        id ?? called ?? binding,
        called ?? binding,
      ]),
    ),
    routes: routesOf(config),
    migrations: migrationsOf(found),
    objects: objectsOf(config),
    crons: read(found, "triggers.crons", z.array(cronExpression), config.triggers.crons ?? []),
    queues: read(found, "queues", queuesConfig, config.queues) ?? {},
    assets: assetsOf(found),
    ...buildOf(found, options, { date, flags }),
    listen: listenOf(config),
    origin: originOf(found, options.origin),
    inputs: [...found.inputs, ...local.inputs, options.tsconfig ?? config.tsconfig ?? join(found.folder, "tsconfig.json")],
    secretsFrom: local.from,
    warnings: [...found.warnings, ...ownWarnings(config, date, local.missing)],
  };
}

/** What the command line says goes before what the configuration says. */
function overridden(config: WranglerConfig, options: ProjectOptions): WranglerConfig {
  const { name, main, assets, bundles, jsxFactory, jsxFragment } = options;
  return {
    ...config,
    ...(name !== undefined && { name }),
    ...(main !== undefined && { main }),
    ...(assets !== undefined && { assets: { ...config.assets, directory: assets } }),
    ...(bundles !== undefined && { no_bundle: !bundles }),
    ...(jsxFactory !== undefined && { jsx_factory: jsxFactory }),
    ...(jsxFragment !== undefined && { jsx_fragment: jsxFragment }),
  };
}

function ownWarnings(config: WranglerConfig, date: string | undefined, missing: readonly string[]): string[] {
  const parts = unsupportedParts(config);
  return [
    ...(date === undefined && config.main !== undefined
      ? ["No compatibility_date in the configuration; the newest is used, so behavior may change after an upgrade"]
      : []),
    ...(missing.length > 0 ? [`Missing required secrets: ${missing.join(", ")}. Add them to .dev.vars or .env`] : []),
    ...(parts.length > 0 ? [`Not supported and ignored: ${parts.join(", ")}`] : []),
  ];
}

function workflowsOf(own: string, found: FoundConfig): DeclaredWorkflow[] {
  const { config } = found;
  const bound = config.workflows.flatMap((entry, i) => {
    const where = `workflows[${i}]`;
    const { script_name: script = own } = entry;
    if (script === own) return [declared(found, where, entry.class_name, entry)];
    // Settings belong to the Worker that has the class.
    const key = (["limits", "schedules", "concurrency", "default_retention"] as const).find((each) => entry[each] !== undefined);
    if (key === undefined) return [];
    throw new ProjectError(`${found.file}: ${where}.${key}: the class is in "${script}"; configure it there`);
  });
  const exported = Object.entries(config.exports).flatMap(([className, entry]) =>
    entry.type === "workflow" ? [{ ...declared(found, `exports.${className}`, className, entry), isExported: true }] : [],
  );
  const byName = new Map<string, DeclaredWorkflow>();
  for (const workflow of [...bound, ...exported]) {
    const other = byName.get(workflow.name);
    if (other !== undefined && other.className !== workflow.className)
      throw new ProjectError(
        `${found.file}: the workflow "${workflow.name}" cannot have two classes, ${other.className} and ${workflow.className}`,
      );
    byName.set(workflow.name, workflow);
  }
  return [...byName.values()];
}

const settings = z.looseObject(SETTINGS);

/** What a workflow's entry may say besides, in `workflows` and in `exports`. */
type Settings = Pick<WorkflowEntry, "name" | "concurrency" | "default_retention"> & {
  readonly limits?: unknown;
  readonly schedules?: unknown;
};

function declared(found: FoundConfig, where: string, className: string, entry: Settings): DeclaredWorkflow {
  const { name, limits, concurrency, default_retention, schedules } = entry;
  if (typeof name !== "string" || !isWorkflowName(name))
    throw new ProjectError(`${found.file}: ${where}.name: must be 1 to 64 letters, digits, _ and -, not starting with -`);
  const crons = schedules === undefined ? undefined : [schedules].flat().map((cron: unknown) => ({ cron }));
  const sent = read(found, where, settings, { limits, concurrency, default_retention, schedules: crons });
  return { name, className, settings: settingsOf(sent) };
}

function objectsOf({ exports, migrations, durable_objects: objects, name }: WranglerConfig): ObjectsConfig {
  if (migrations.length > 0) return { migrations };
  const live = Object.entries(exports).flatMap(([className, entry]): [string, ObjectExport][] =>
    entry.type === "durable-object" ? [[className, entry]] : [],
  );
  // Without either, wrangler warns and lets them run on this machine.
  const own = objects.bindings.filter(({ script_name: script = name }) => script === name);
  const bound = own.map(({ class_name: className }): [string, ObjectExport] => [className, { state: "created" }]);
  return { exports: Object.fromEntries([...bound, ...live]) };
}

/** A custom domain is all of its host. */
function routesOf({ route, routes }: WranglerConfig): string[] {
  return [...(route === undefined ? [] : [route]), ...(routes ?? [])].map((each) => {
    if (typeof each === "string") return each;
    return "custom_domain" in each && each.custom_domain ? `${each.pattern}/*` : each.pattern;
  });
}

function migrationsOf({ config, file }: FoundConfig): ProjectConfig["migrations"] {
  return Object.fromEntries(
    config.d1_databases.map(({ binding, migrations_dir: folder = "migrations", migrations_table: table = "d1_migrations" }) => [
      binding,
      { folder: resolve(dirname(file), folder), table },
    ]),
  );
}

const assetsSchema = z.object(assetsHandling).transform(withoutUndefined);

function assetsOf(found: FoundConfig): AssetsConfig {
  const { assets } = found.config;
  if (assets === undefined) return {};
  const how = read(found, "assets", assetsSchema, assets);
  return { ...how, ...(assets.directory !== undefined && { directory: resolve(dirname(found.file), assets.directory) }) };
}

function buildOf(
  found: FoundConfig,
  options: ProjectOptions,
  compatibility: { readonly date: string | undefined; readonly flags: readonly string[] },
): { readonly build?: BuildOptions } {
  const { config, file, folder } = found;
  const { main } = config;
  if (main === undefined) {
    if (config.assets?.directory !== undefined) return {};
    throw new ProjectError(`${file}: "main" (the Worker's entry point) or "assets.directory" (static files) is required`);
  }
  const tsconfig = options.tsconfig ?? config.tsconfig;
  const { command, cwd, watch_dir: trees = [] } = config.build;
  return {
    build: {
      folder,
      main,
      moduleRoot: config.base_dir ?? dirname(main),
      bundles: config.no_bundle !== true,
      findsModules: config.find_additional_modules ?? config.no_bundle === true,
      preservesFileNames: config.preserve_file_names === true,
      rules: config.rules,
      define: { ...config.define, ...options.define },
      alias: { ...config.alias, ...options.alias },
      minify: options.minify ?? config.minify === true,
      keepNames: config.keep_names !== false,
      jsxFactory: config.jsx_factory,
      jsxFragment: config.jsx_fragment,
      ...(tsconfig !== undefined && { tsconfig }),
      compatibilityDate: compatibility.date,
      compatibilityFlags: compatibility.flags,
      ...(command !== undefined && { command: { command, cwd: resolve(folder, cwd ?? "."), trees: [trees].flat() } }),
      notModules: [file, join(folder, ".wrangler"), join(folder, ".stepwell")],
    },
  };
}

function listenOf({ dev }: WranglerConfig): ProjectConfig["listen"] {
  // `localhost` is what it is when nothing is said.
  const { ip, port, local_protocol: protocol } = dev;
  return { ...(ip !== "localhost" && { ip }), ...(port !== undefined && { port }), protocol };
}

function originOf({ config, file, hostOf }: FoundConfig, options: OriginOptions = {}): ProjectOrigin {
  const { dev, route } = config;
  const protocol = options.protocol ?? dev.upstream_protocol;
  const given = options.host ?? dev.host;
  const [first] = options.routes ?? (route === undefined ? (config.routes ?? []) : [route]);
  if (given === undefined && (first === undefined || options.infers === false)) return { protocol };
  const host = given ?? (first && hostOf(first));
  if (host !== undefined && URL.canParse(`http://${host}`)) return { protocol, host };
  const reason = given === undefined ? `the first route, ${JSON.stringify(first)}, names no host` : `"${given}" is no host`;
  throw new ProjectError(`${file}: ${reason}: name one in dev.host or with --host, or give --infer-origin-from-routes=false`);
}

/** What the reader leaves unchecked. */
function read<T extends z.ZodType>({ file }: FoundConfig, where: string, schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const below = z.core.toDotPath(issue?.path ?? []);
  const dot = below === "" || below.startsWith("[") ? "" : ".";
  throw new ProjectError(`${file}: ${where}${dot}${below}: ${issue?.message ?? "not valid"}`);
}

/** For the check of the whole that a deployment makes. */
export function tooManySchedules(file: string, count: number): ProjectError {
  return new ProjectError(`${file}: workflows[].schedules: at most ${LIMITS.schedules} schedules are allowed, found ${count}`);
}
