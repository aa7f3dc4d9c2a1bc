/** What a deployment does to the classes of a script whose Durable Objects are kept. */
import { z } from "zod";
import { Failure } from "../../model/failures/failure.ts";
import {
  checkExports,
  declareObjects,
  migrate,
  type Migrations,
  type MigrationStep,
  type ObjectClasses,
  type ObjectExport,
} from "../../model/platform/objects.ts";
import type { Binding } from "../../ports/catalog/bindings.ts";
import type { DeployParts } from "./parts.ts";

const names = z.array(z.string().min(1)).optional();
/** One step of a migration, as it is sent and as a configuration has it. */
const migrationStep: z.ZodType<MigrationStep> = z.object({
  new_sqlite_classes: names,
  new_classes: names,
  renamed_classes: z.array(z.object({ from: z.string().min(1), to: z.string().min(1) })).optional(),
  deleted_classes: names,
  transferred_classes: z.array(z.unknown()).max(0, "Transferring classes between Workers is not supported").optional(),
});

/** A migration as it is sent: its steps in a list, or the only one beside the tags. */
export const migrations: z.ZodType<Migrations | undefined> = z
  .object({ old_tag: z.string().optional(), new_tag: z.string().optional(), steps: z.array(migrationStep).optional() })
  .and(migrationStep)
  .nullish()
  .transform((sent) => {
    if (sent === null || sent === undefined) return undefined;
    const { old_tag, new_tag, steps, ...only } = sent;
    return { old_tag, new_tag, steps: steps ?? [only] };
  });

/** What a deployment does to the classes: migrations, or the classes that there are to be; either may be absent. */
export interface ObjectChanges {
  readonly migrations?: Migrations | undefined;
  readonly exports?: Readonly<Record<string, ObjectExport>> | undefined;
}

/** The migrations that come after a tag, as wrangler picks them: all of them when it is not there. */
export function migrationsAfter(
  tag: string | undefined,
  migrations: readonly (MigrationStep & { readonly tag: string })[],
): Migrations | undefined {
  const pending = migrations.slice(migrations.findIndex((each) => each.tag === tag) + 1);
  const last = pending.at(-1);
  return last && { old_tag: tag, new_tag: last.tag, steps: pending };
}

/** The names of classes. */
export function classNames({ namespaces }: ObjectClasses): string[] {
  return Object.keys(namespaces);
}

/**
 * The classes that a script would have with new code, which has to export them, and whose bindings have to be to classes that
 * are there.
 *
 * @throws Failure as `migrate`, `declareObjects` and `checkExports`; `objects.not_a_class`.
 */
export async function classesWith(
  { catalog, ids }: Pick<DeployParts, "catalog" | "ids">,
  script: string,
  code: { readonly bindings: readonly Binding[]; readonly exports?: readonly string[] },
  { migrations: wanted, exports = {} }: ObjectChanges,
): Promise<ObjectClasses> {
  const current = await catalog.objectClasses(script);
  const migrated = wanted === undefined ? current : migrate(current, wanted, ids.uuid);
  const classes = declareObjects(migrated, exports, ids.uuid);
  checkExports(classes, code.exports);
  for (const binding of code.bindings) {
    if (binding.type !== "durable_object_namespace") continue;
    const { script: owner = script, className, name } = binding;
    const { namespaces } = owner === script ? classes : await catalog.objectClasses(owner);
    if (namespaces[className] !== undefined) continue;
    const detail =
      `Cannot create binding '${name}' for class '${className}' because it is not currently configured to implement Durable Objects` +
      (owner === script ? ": add it to new_sqlite_classes of a migration, or to exports" : ` in the Worker '${owner}'`);
    throw new Failure("objects.not_a_class", { field: "metadata.bindings", detail });
  }
  return classes;
}
