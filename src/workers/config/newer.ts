/**
 * Fields that wrangler 4.164 has and the published reader has not. They are taken out before it validates, since it would warn of
 * some and refuse others, and put back afterwards. `project.ts` checks those that mean something here.
 */
import type { Config, RawConfig } from "@cloudflare/workers-utils";

/** A workflow in `workflows`, with all that may be said of it. */
export type WorkflowEntry = Config["workflows"][number] & {
  readonly concurrency?: unknown;
  readonly default_retention?: unknown;
  readonly jurisdiction?: unknown;
};

/** A workflow in `exports`, by the name of its class. */
export interface WorkflowExport {
  readonly type: "workflow";
  readonly name: string;
  readonly limits?: unknown;
  readonly concurrency?: unknown;
  readonly schedules?: unknown;
  readonly default_retention?: unknown;
  readonly jurisdiction?: unknown;
}

/** What the reader's own configuration is extended by. */
export interface Newer {
  readonly workflows: readonly WorkflowEntry[];
  readonly exports: Readonly<Record<string, Config["exports"][string] | WorkflowExport>>;
  readonly analytics?: { readonly binding: string } | undefined;
  readonly k2?: readonly { readonly binding: string }[] | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const NEWER_FIELDS = ["access", "addresses", "analytics", "code_update_strategy", "connect", "k2"];
const OF_WORKFLOWS = ["concurrency", "default_retention", "jurisdiction"];
const OF_TRIGGERS = ["events"];

/** The configuration as the reader knows it. */
export function withoutNewer(raw: Fields): RawConfig {
  const { env } = raw;
  const older = olderEnvironment(raw);
  if (!isObject(env)) return older;
  const environments = mapValues(env, (each) => (isObject(each) ? olderEnvironment(each) : each));
  return { ...older, env: environments as NonNullable<RawConfig["env"]> };
}

/** What was taken out, as it counts in an environment. `workflows` belong to each environment, `exports` are inherited. */
export function newerOf(raw: Fields, environment: string | undefined): Newer {
  const { env } = raw;
  const own = environment === undefined ? undefined : isObject(env) ? env[environment] : undefined;
  const chosen = isObject(own) ? own : environment === undefined ? raw : {};
  return {
    workflows: (chosen["workflows"] ?? []) as Newer["workflows"],
    exports: (chosen["exports"] ?? raw["exports"] ?? {}) as Newer["exports"],
    analytics: chosen["analytics"] as Newer["analytics"],
    k2: chosen["k2"] as Newer["k2"],
  };
}

export function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function olderEnvironment(fields: Fields): RawConfig {
  const { workflows, exports, triggers } = fields;
  return {
    ...(without(fields, NEWER_FIELDS) as Fields),
    ...(Array.isArray(workflows) && { workflows: workflows.map((each: unknown) => without(each, OF_WORKFLOWS)) }),
    ...(isObject(triggers) && { triggers: without(triggers, OF_TRIGGERS) }),
    ...(isObject(exports) && { exports: Object.fromEntries(Object.entries(exports).filter(([, each]) => !isWorkflow(each))) }),
  } as RawConfig;
}

function isWorkflow(entry: unknown): boolean {
  return isObject(entry) && entry["type"] === "workflow";
}

function without(value: unknown, keys: readonly string[]): unknown {
  return isObject(value) ? Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key))) : value;
}

function mapValues(fields: Fields, change: (value: unknown) => unknown): Fields {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, change(value)]));
}
