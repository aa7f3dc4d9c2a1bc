/**
 * The classes of a script whose objects are kept, and what a deployment may do to them. Each class has a namespace, which is
 * what its objects are stored under; it keeps that when it is renamed. Sources: Cloudflare's documentation of migrations, and
 * the codes that its API is known to answer with.
 */
import { Failure } from "../failures/failure.ts";

/** The classes of a script. */
export interface ObjectClasses {
  /** The last migration. */
  readonly tag?: string;
  /** Namespaces by the name of their class. */
  readonly namespaces: Readonly<Record<string, string>>;
}

/** One step of a migration. */
export interface MigrationStep {
  /** There is one kind of storage here, so that both make the same. */
  readonly new_sqlite_classes?: readonly string[] | undefined;
  readonly new_classes?: readonly string[] | undefined;
  readonly renamed_classes?: readonly { readonly from: string; readonly to: string }[] | undefined;
  readonly deleted_classes?: readonly string[] | undefined;
}

/** Steps, between two tags. */
export interface Migrations {
  readonly old_tag?: string | undefined;
  readonly new_tag?: string | undefined;
  readonly steps: readonly MigrationStep[];
}

/**
 * The classes after a migration. `newNamespace` makes what no class has yet.
 *
 * @throws Failure `objects.tag` when it does not go on from where the script is, `objects.migration` for a step that cannot be.
 */
export function migrate(
  classes: ObjectClasses,
  { old_tag: from, new_tag: to, steps }: Migrations,
  newNamespace: () => string,
): ObjectClasses {
  if (to !== undefined && from !== classes.tag) {
    const detail = `Migration tag precondition failed; current tag is ${classes.tag ?? "not set"}, the migration begins at ${from ?? "none"}`;
    throw new Failure("objects.tag", { field: "metadata.migrations.old_tag", detail });
  }
  const namespaces = new Map(Object.entries(classes.namespaces));
  steps.forEach((step, i) => apply(namespaces, step, `metadata.migrations.steps[${i}]`, newNamespace));
  const tag = to ?? classes.tag;
  return { ...(tag !== undefined && { tag }), namespaces: Object.fromEntries(namespaces) };
}

function apply(namespaces: Map<string, string>, step: MigrationStep, field: string, newNamespace: () => string): void {
  const refuse = (detail: string): never => {
    throw new Failure("objects.migration", { field, detail });
  };
  const take = (name: string, verb: string): string =>
    namespaces.get(name) ?? refuse(`Cannot ${verb} class '${name}', which has no Durable Objects`);
  const put = (name: string, namespace: string): void => {
    if (namespaces.has(name)) refuse(`Cannot create class '${name}', which has Durable Objects already`);
    namespaces.set(name, namespace);
  };
  for (const name of [...(step.new_sqlite_classes ?? []), ...(step.new_classes ?? [])]) put(name, newNamespace());
  for (const { from, to } of step.renamed_classes ?? []) {
    const namespace = take(from, "rename");
    namespaces.delete(from);
    put(to, namespace);
  }
  for (const name of step.deleted_classes ?? []) {
    take(name, "delete");
    namespaces.delete(name);
  }
}

/** What is to become of a class, said without steps: it is there, was renamed to another, or is gone. */
export interface ObjectExport {
  readonly state?: "created" | "deleted" | "renamed" | "transferred" | "expecting-transfer" | undefined;
  readonly renamed_to?: string | undefined;
}

/**
 * The classes as `exports` of a configuration declare them, by name. What is so already stays as it is, and so do classes that
 * are not named. `newNamespace` makes what no class has yet.
 *
 * @throws Failure `objects.migration` for a class that is to be transferred: there is one account here.
 */
export function declareObjects(
  classes: ObjectClasses,
  exports: Readonly<Record<string, ObjectExport>>,
  newNamespace: () => string,
): ObjectClasses {
  const namespaces = new Map(Object.entries(classes.namespaces));
  const entries = Object.entries(exports);
  // Renamed first: a class that has a new name is not to be made.
  for (const [name, { state, renamed_to: to }] of entries) {
    const namespace = namespaces.get(name);
    if (state !== "renamed" || to === undefined || namespace === undefined || namespaces.has(to)) continue;
    namespaces.delete(name);
    namespaces.set(to, namespace);
  }
  for (const [name, { state = "created" }] of entries) {
    if (state === "deleted") namespaces.delete(name);
    if (state === "created" && !namespaces.has(name)) namespaces.set(name, newNamespace());
    if (state === "transferred" || state === "expecting-transfer") {
      const detail = `Durable Objects of class '${name}' cannot be transferred between Workers on this server`;
      throw new Failure("objects.migration", { field: `exports.${name}`, detail });
    }
  }
  return { ...classes, namespaces: Object.fromEntries(namespaces) };
}

/** Fails with `objects.class_missing` when the code lacks a class that has objects. `exports` undefined: not known. */
export function checkExports({ namespaces }: ObjectClasses, exports: readonly string[] | undefined): void {
  const missing = Object.keys(namespaces).find((name) => exports?.includes(name) === false);
  if (missing === undefined) return;
  const detail =
    `New version of script does not export class '${missing}' which is depended on by existing Durable Objects. ` +
    "To delete them, apply a deleted_classes migration";
  throw new Failure("objects.class_missing", { field: "metadata.migrations", detail });
}
