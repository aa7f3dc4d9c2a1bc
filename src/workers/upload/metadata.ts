/** The metadata of an upload: what it may say, and the bindings and workflows that come of it. */
import { z } from "zod";
import { Failure } from "../../model/failures/failure.ts";
import { isWorkflowName } from "../../model/platform/names.ts";
import { LIMITS } from "../../model/limits.ts";
import type { Migrations, ObjectExport } from "../../model/platform/objects.ts";
import { isQueueName } from "../../model/platform/queue.ts";
import type { Binding, DeclaredWorkflow, ScriptAssets } from "../../ports/catalog.ts";
import { assetRules, assetsHandling, withoutUndefined } from "../assets/config.ts";
import { migrations } from "../deploy/objects.ts";
import { unsupported } from "./unsupported-kinds.ts";
import { SETTINGS, settingsOf } from "./workflow-settings.ts";

/** A binding as it is sent; what else it has depends on its type. */
interface SentBinding {
  readonly name: string;
  readonly type: string;
}

const binding: z.ZodType<SentBinding> = z.looseObject({ name: z.string().min(1), type: z.string() });

const className = z.string().min(1).max(LIMITS.scriptName);

/** A class that the main module exports. Settings of a workflow may stand beside its name. */
interface SentExport extends ObjectExport {
  readonly type: string;
  readonly name?: string | undefined;
}

const sentExport: z.ZodType<SentExport> = z.looseObject({
  type: z.string(),
  name: z.string().optional(),
  state: z.enum(["created", "deleted", "renamed", "transferred", "expecting-transfer"]).optional(),
  renamed_to: className.optional(),
});

/** What is read of the metadata; what else there is changes nothing here. */
export interface Metadata {
  readonly main_module: string;
  readonly bindings: readonly SentBinding[];
  readonly keep_bindings: readonly string[];
  readonly compatibility_date?: string | undefined;
  readonly compatibility_flags: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, SentExport>>;
  readonly migrations?: Migrations | undefined;
  readonly assets?: { readonly jwt?: string | undefined; readonly config: ScriptAssets["config"] } | undefined;
  /** The assets of the version before are kept. */
  readonly keep_assets: boolean;
}

export const NO_MAIN = "The upload has no main module; only ES modules are supported";

const assetsConfig = z
  .object({
    ...assetsHandling,
    _headers: z.string().optional(),
    _redirects: z.string().optional(),
  })
  .default({})
  .transform(({ _headers, _redirects, ...config }) => ({
    ...withoutUndefined(config),
    ...assetRules(_headers, _redirects).rules,
  }));

/** As `Metadata`, of whatever was sent. */
export const metadata: z.ZodType<Metadata> = z.object({
  // Static assets need no code.
  main_module: z.string().default(""),
  bindings: z.array(binding).default([]),
  keep_bindings: z.array(z.string()).default([]),
  compatibility_date: z.string().optional(),
  compatibility_flags: z.array(z.string()).default([]),
  // wrangler leaves out what it was not told.
  annotations: z.record(z.string(), z.string()).default({}),
  exports: z.record(className, sentExport).default({}),
  migrations,
  assets: z
    .object({ jwt: z.string().optional(), config: assetsConfig })
    .nullish()
    .transform((sent) => sent ?? undefined),
  keep_assets: z.boolean().default(false),
});

/**
 * The bindings of an upload. `stored` are those of the version before, secrets sealed or not as they come: what the upload
 * keeps or inherits is taken from there.
 *
 * @throws Failure `body` for one that is not as it should be.
 */
export function bindingsOf(
  { bindings, keep_bindings: kept }: Pick<Metadata, "bindings" | "keep_bindings">,
  script: string,
  stored: readonly Binding[],
): Binding[] {
  const own = bindings.map((each, i) => toBinding(each, `metadata.bindings[${i}]`, script, stored));
  const names = new Set<string>();
  own.forEach(({ name }, i) => {
    if (names.has(name)) throw new Failure("body", { field: `metadata.bindings[${i}].name`, detail: `"${name}" is bound twice` });
    names.add(name);
  });
  return [...own, ...stored.filter(({ name, type }) => kept.includes(type) && !names.has(name))];
}

const texts = z.object({ text: z.string() });
const json = z.object({ json: z.unknown().refine((value) => value !== undefined, "Missing") });
const inherited = z.object({ old_name: z.string().optional() });
const namespace = z.object({ namespace_id: z.string().min(1) });
const database = z.object({ id: z.string().min(1) });
const bucket = z.object({ bucket_name: z.string().min(1) });
const queue = z.object({ queue_name: z.string().refine(isQueueName, "A queue's name is 1 to 63 letters, digits and -") });
const service = z.object({ service: z.string().min(1), entrypoint: z.string().min(1).optional() });
const objects = z.object({ class_name: className, script_name: z.string().min(1).optional() });
const workflow = z.object({
  workflow_name: z.string().refine(isWorkflowName, "A workflow's name is 1 to 64 letters, digits, _ and -, not starting with -"),
  class_name: className.optional(),
  script_name: z.string().min(1).optional(),
});

function toBinding(sent: SentBinding, field: string, script: string, stored: readonly Binding[]): Binding {
  const { name, type } = sent;
  switch (type) {
    case "plain_text":
    case "secret_text":
      return { type, name, text: read(texts, sent, field).text };
    case "json":
      return { type, name, json: read(json, sent, field).json };
    case "assets":
      return { type, name };
    case "version_metadata":
      return { type, name, metadata: { id: "", tag: "", timestamp: "" } };
    case "kv_namespace":
      return { type, name, id: read(namespace, sent, field).namespace_id };
    case "d1":
      return { type, name, id: read(database, sent, field).id };
    case "r2_bucket":
      return { type, name, bucket: read(bucket, sent, field).bucket_name };
    case "workflow": {
      const { workflow_name: of, class_name: declared, script_name: owner = script } = read(workflow, sent, field);
      if (owner === script && declared === undefined)
        throw new Failure("body", {
          field: `${field}.class_name`,
          detail: "class_name is required for a workflow of this Worker",
        });
      return {
        type,
        name,
        workflow: of,
        ...(declared !== undefined && { className: declared }),
        ...(owner !== script && { script: owner }),
      };
    }
    case "queue":
      return { type, name, queue: read(queue, sent, field).queue_name };
    case "durable_object_namespace": {
      const { class_name: declared, script_name: owner = script } = read(objects, sent, field);
      return { type, name, className: declared, ...(owner !== script && { script: owner }) };
    }
    case "service": {
      const { service: of, entrypoint } = read(service, sent, field);
      return { type, name, service: of, ...(entrypoint !== undefined && { entrypoint }) };
    }
    case "inherit":
      return inherit(name, read(inherited, sent, field).old_name ?? name, field, stored);
    default:
      return unsupported(sent);
  }
}

function inherit(name: string, from: string, field: string, stored: readonly Binding[]): Binding {
  const found = stored.find((each) => each.name === from);
  if (found === undefined)
    throw new Failure("body", { field, detail: `The previous version has no binding "${from}" to inherit` });
  return { ...found, name };
}

function read<T extends z.ZodType>(schema: T, value: unknown, field: string): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Failure("body", {
    field: [field, ...(issue?.path ?? [])].map(String).join("."),
    detail: issue?.message ?? "Not valid",
  });
}

/**
 * The workflows whose classes the script says it has: those that it binds, and those that its `exports` name.
 *
 * @throws Failure `body` when one name stands for two classes, or is not valid.
 */
export function workflowsOf(bindings: readonly Binding[], { exports }: Pick<Metadata, "exports">): DeclaredWorkflow[] {
  const bound = bindings.flatMap((each) =>
    each.type === "workflow" && each.script === undefined && each.className !== undefined
      ? [{ name: each.workflow, className: each.className }]
      : [],
  );
  const exported = Object.entries(exports).flatMap(([exportName, sent]) =>
    sent.type === "workflow" && sent.name !== undefined ? [declared(exportName, sent.name, sent)] : [],
  );
  const found = new Map<string, DeclaredWorkflow>();
  for (const each of [...bound, ...exported]) {
    const { className: other = each.className } = found.get(each.name) ?? {};
    if (!isWorkflowName(each.name)) throw new Failure("workflow.invalid_name", { field: `metadata.exports.${each.className}` });
    if (other !== each.className)
      throw new Failure("body", {
        field: "metadata.bindings",
        detail: `The workflow "${each.name}" cannot have two classes, ${other} and ${each.className}`,
      });
    found.set(each.name, each);
  }
  return [...found.values()];
}

/** The Durable Objects among the classes that `exports` names. */
export function objectExports({ exports }: Pick<Metadata, "exports">): Record<string, ObjectExport> {
  return Object.fromEntries(Object.entries(exports).filter(([, { type }]) => type === "durable-object"));
}

const settings = z.looseObject(SETTINGS);

/** What is said of it in `exports` holds. When that is nothing but its name, the workflow keeps what it has. */
function declared(className: string, name: string, sent: SentExport): DeclaredWorkflow {
  const says = Object.keys(SETTINGS).some((key) => Object.hasOwn(sent, key));
  if (!says) return { name, className, isExported: true };
  return { name, className, isExported: true, settings: settingsOf(read(settings, sent, `metadata.exports.${className}`)) };
}
