/** The KV namespaces, D1 databases and R2 buckets that bindings lead to. */
import type { BoundResource } from "../../bindings/kind.ts";
import { kindOf } from "../../bindings/kinds.ts";
import { Failure } from "../../model/failures/failure.ts";
import type { Binding } from "../../ports/catalog/bindings.ts";
import type { Resources } from "../../ports/catalog/resources.ts";
import type { CatalogEdit } from "../../ports/catalog/edits.ts";

/** What a binding leads to, and its name. */
interface Needed extends BoundResource {
  readonly name: string;
}

/** What bindings lead to. */
export function resourcesOf(bindings: readonly Binding[]): Needed[] {
  return bindings.flatMap((binding) => {
    const resource = kindOf(binding).resource?.(binding);
    return resource === undefined ? [] : [{ ...resource, name: binding.name }];
  });
}

const TITLES = { kv: "KV namespace", d1: "D1 database", r2: "R2 bucket" } as const;

/** An id that Cloudflare might have given, or the name of a bucket: it becomes part of the names of files. */
const ADOPTABLE = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;

/** Whether something can be made under this id. */
export function isAdoptable(id: string): boolean {
  return ADOPTABLE.test(id);
}

/** What bindings lead to that is not there, each once. */
export async function missingResources(resources: Resources, bindings: readonly Binding[]): Promise<Needed[]> {
  const missing = new Map<string, Needed>();
  for (const bound of resourcesOf(bindings)) {
    const { type, id } = bound;
    if ((await resources.resource(type, id)) === undefined) missing.set(`${type} ${id}`, bound);
  }
  return [...missing.values()];
}

/** Fails with `storage.unbound` when there are any. */
export function refuseMissing([first]: readonly Needed[]): void {
  if (first === undefined) return;
  const { name, type, id } = first;
  throw new Failure("storage.unbound", { detail: `"${name}" is bound to the ${TITLES[type]} "${id}", which does not exist` });
}

/** Fails with `storage.unbound` for an id that nothing is made under. */
export function checkAdoptable(missing: readonly Needed[]): void {
  refuseMissing(missing.filter(({ id }) => !isAdoptable(id)));
}

/** Makes what is missing under the ids that bindings name it by, with a sentence about it, if there is anything. */
export async function adopt(
  resources: Resources,
  missing: readonly Needed[],
  createdAt: number,
): Promise<{ readonly edits: readonly CatalogEdit[]; readonly remarks: readonly string[] }> {
  const free: Needed[] = [];
  for (const bound of missing) if ((await resources.resourceNamed(bound.type, bound.id)) === undefined) free.push(bound);
  const made = free.map(({ type, id, name }) => `${TITLES[type]} "${id}" for ${name}`);
  return {
    edits: free.map(({ type, id }) => ({ type: "resource", resource: { type, id, name: id, createdAt } })),
    remarks: made.length === 0 ? [] : [`Created empty under the id of the configuration: ${made.join(", ")}`],
  };
}
