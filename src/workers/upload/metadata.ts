/** The metadata of an upload: what it may say, and the bindings and workflows that come of it. */
import { z } from "zod";
import { className } from "../../bindings/fields.ts";
import { KINDS, knownType } from "../../bindings/kinds.ts";
import { Failure } from "../../model/failures/failure.ts";
import { isWorkflowName } from "../../model/platform/names.ts";
import type { ObjectExport } from "../../model/platform/objects.ts";
import type { Binding } from "../../ports/catalog/bindings.ts";
import type { DeclaredWorkflow } from "../../ports/catalog/script-versions.ts";
import { assetRules, assetsHandling, withoutUndefined } from "../assets/config.ts";
import { migrations } from "../versions/objects.ts";
import { SETTINGS, settingsOf } from "./workflow-settings.ts";

/** A binding as it is sent; what else it has depends on its type. */
const binding = z.looseObject({ name: z.string().min(1), type: z.string() });

type SentBinding = z.output<typeof binding>;

/** A class that the main module exports. Settings of a workflow may stand beside its name. */
const sentExport = z.looseObject({
  type: z.string(),
  name: z.string().optional(),
  state: z.enum(["created", "deleted", "renamed", "transferred", "expecting-transfer"]).optional(),
  renamed_to: className.optional(),
});

type SentExport = z.output<typeof sentExport>;

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

const sentMetadata = z.object({
  // Static assets need no code.
  main_module: z.string().default(""),
  bindings: z.array(binding).default([]),
  keep_bindings: z.array(z.string()).default([]),
  compatibility_date: z.string().optional(),
  compatibility_flags: z.array(z.string()).default([]),
  // wrangler omits annotations that are not set.
  annotations: z.record(z.string(), z.string()).default({}),
  exports: z.record(className, sentExport).default({}),
  migrations,
  assets: z
    .object({ jwt: z.string().optional(), config: assetsConfig })
    .nullish()
    .transform((sent) => sent ?? undefined),
  /** The assets of the version before are kept. */
  keep_assets: z.boolean().default(false),
});

/** What is read of the metadata; what else there is changes nothing here. */
export type Metadata = z.output<typeof sentMetadata>;

/** As `Metadata`, of whatever was sent. */
export const metadata: z.ZodType<Metadata> = sentMetadata;

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

const inherited = z.object({ old_name: z.string().optional() });

function toBinding(sent: SentBinding, field: string, script: string, stored: readonly Binding[]): Binding {
  const { name, type: called } = sent;
  if (called === "inherit") return inherit(name, read(inherited, sent, field).old_name ?? name, field, stored);
  const type = knownType(called);
  return { type, name, ...read(KINDS[type].upload(script), sent, field) } as Binding;
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
