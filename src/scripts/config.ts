/** A project's wrangler configuration: found, read in any of its three formats, and checked. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse as parseJsonc, printParseErrorCode, type ParseError } from "jsonc-parser";
import { parse as parseToml, TomlError } from "smol-toml";
import { z } from "zod";
import { isWorkflowName } from "../model/names.ts";
import { LIMITS } from "../model/limits.ts";
import { queueNames, queuesConfig, type QueuesConfig } from "./queue-config.ts";
import { storageConfig, storageNames, type StorageConfig } from "./storage-config.ts";
import { servicesConfig, type ServicesConfig } from "./services-config.ts";
import { cronExpression } from "./workflow.ts";

/** A project that cannot be used as it is. The message says which file, which part of it, and what to do. */
export class ProjectError extends Error {
  override readonly name = "ProjectError";
}

/** In the order in which wrangler looks for them. */
const FILES = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"] as const;

const workflow = z.object({
  binding: z.string().min(1),
  name: z.string().refine(isWorkflowName, "must be 1 to 64 letters, digits, _ and -, not starting with -"),
  class_name: z.string().min(1),
  script_name: z.string().optional(),
  limits: z.object({ steps: z.number().int().min(1).max(LIMITS.stepsCeiling).optional() }).optional(),
  schedules: z
    .preprocess((value) => (typeof value === "string" ? [value] : value), z.array(cronExpression).min(1, "must not be empty"))
    .optional(),
  concurrency: z.object({ limit: z.number().int().min(1).optional() }).optional(),
});

const config = z.object({
  name: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, "must be lower-case letters, digits, - and _"),
  main: z.string().min(1),
  compatibility_date: z.string().optional(),
  compatibility_flags: z.array(z.string()).default([]),
  workflows: z.array(workflow).default([]),
  vars: z.record(z.string(), z.unknown()).default({}),
  ...storageConfig,
  triggers: z.object({ crons: z.array(cronExpression).nullish() }).nullish(),
  queues: queuesConfig,
  ...servicesConfig,
});

/** What stepwell takes from a wrangler configuration. */
export interface ProjectConfig extends StorageConfig, ServicesConfig {
  /** The script's name. */
  readonly name: string;
  /** The entry module, relative to the project. */
  readonly main: string;
  readonly compatibility_date?: string | undefined;
  readonly compatibility_flags: readonly string[];
  readonly workflows: readonly WorkflowConfig[];
  readonly vars: Readonly<Record<string, unknown>>;
  /** When `scheduled` is called. */
  readonly triggers?: { readonly crons?: readonly string[] | null | undefined } | null | undefined;
  readonly queues?: QueuesConfig | null | undefined;
  /** The file that it was read from. */
  readonly file: string;
  /** Parts of it that do nothing here, by name. */
  readonly ignored: readonly string[];
}

/** An entry of `workflows`. */
export interface WorkflowConfig {
  readonly binding: string;
  readonly name: string;
  readonly class_name: string;
  /** The Worker that has the class, when it is another one. */
  readonly script_name?: string | undefined;
  readonly limits?: { readonly steps?: number | undefined } | undefined;
  /** Cron expressions; a single one may be written without the list. */
  readonly schedules?: readonly string[] | undefined;
  /** How many instances may be running at once; further ones stay queued. */
  readonly concurrency?: { readonly limit?: number | undefined } | undefined;
}

/** Parts that would change what the Worker does, and do not yet. */
const NOT_YET = ["hyperdrive", "ai", "vectorize", "browser", "env"] as const;

/** Reads the configuration of the project in a folder. Rejects with a `ProjectError`. */
export async function readConfig(folder: string): Promise<ProjectConfig> {
  const file = FILES.map((name) => join(folder, name)).find((path) => existsSync(path));
  if (file === undefined) {
    throw new ProjectError(
      `No ${FILES.join(", ")} in ${folder}: go to the folder of a Worker project, or name it: stepwell dev <folder>`,
    );
  }
  // Some editors begin a file with a byte order mark.
  const text = (await readFile(file, "utf8")).replace(/^\uFEFF/, "");
  const raw = file.endsWith(".toml") ? fromToml(file, text) : fromJson(file, text);
  const parsed = config.safeParse(raw);
  if (!parsed.success) throw new ProjectError(`${file}: ${firstIssue(parsed.error)}`);
  checkNames(file, parsed.data);
  checkOwners(file, parsed.data);
  const ignored = NOT_YET.filter((key) => isPresent((raw as Record<string, unknown>)[key]));
  return { ...parsed.data, file, ignored };
}

function fromJson(file: string, text: string): unknown {
  const errors: ParseError[] = [];
  const value: unknown = parseJsonc(text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error === undefined) return value;
  const line = text.slice(0, error.offset).split("\n").length;
  throw new ProjectError(`${file}:${line}: not valid JSON (${printParseErrorCode(error.error)})`);
}

function fromToml(file: string, text: string): unknown {
  try {
    return parseToml(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    throw new ProjectError(`${file}:${cause.line}: not valid TOML (${cause.message.split("\n")[0]})`, { cause });
  }
}

function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return "not valid";
  const path = issue.path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");
  return `${path === "" ? "the configuration" : path.slice(1)}: ${issue.message}`;
}

function checkNames(file: string, { name: own, workflows, vars, ...rest }: z.output<typeof config>): void {
  const names = new Set<string>();
  const bindings = new Set(Object.keys(vars));
  for (const { binding, where } of [...storageNames(rest), ...queueNames(rest)]) {
    if (bindings.has(binding))
      throw new ProjectError(`${file}: ${where}.binding: "${binding}" is used twice; each name in env stands for one thing`);
    bindings.add(binding);
  }
  workflows.forEach(({ name, binding, script_name: script = own }, i) => {
    if (bindings.has(binding))
      throw new ProjectError(
        `${file}: workflows[${i}].binding: "${binding}" is used twice; each name in env stands for one thing`,
      );
    bindings.add(binding);
    if (script !== own) return;
    if (names.has(name))
      throw new ProjectError(`${file}: workflows[${i}].name: "${name}" is used twice; every workflow needs a name of its own`);
    names.add(name);
  });
}

/** Settings belong to the Worker that has the class. */
function checkOwners(file: string, { name: own, workflows }: z.output<typeof config>): void {
  for (const [i, workflow] of workflows.entries()) {
    const { script_name: script = own } = workflow;
    const foreign = (["limits", "schedules"] as const).find((key) => script !== own && workflow[key] !== undefined);
    if (foreign === undefined) continue;
    const where = `${file}: workflows[${i}].${foreign}`;
    throw new ProjectError(`${where}: the class is in "${script}"; configure it there, where the workflow is defined`);
  }
}

function isPresent(value: unknown): boolean {
  if (value === undefined || value === null) return false;
  return Array.isArray(value) ? value.length > 0 : typeof value !== "object" || Object.keys(value).length > 0;
}
