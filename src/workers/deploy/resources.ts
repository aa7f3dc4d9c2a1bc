/** The KV namespaces, D1 databases and R2 buckets that bindings lead to. */
import { Failure } from "../../model/failures/failure.ts";
import type { Binding } from "../../ports/catalog.ts";
import type { Resource, Resources } from "../../ports/resources.ts";

/** What a binding leads to. */
interface BoundResource extends Pick<Resource, "type" | "id"> {
  /** The name of the binding. */
  readonly name: string;
}

function boundResource(binding: Binding): BoundResource[] {
  const { name } = binding;
  switch (binding.type) {
    case "kv_namespace":
      return [{ type: "kv", id: binding.id, name }];
    case "d1":
      return [{ type: "d1", id: binding.id, name }];
    case "r2_bucket":
      return [{ type: "r2", id: binding.bucket, name }];
    default:
      return [];
  }
}

const TITLES = { kv: "KV namespace", d1: "D1 database", r2: "R2 bucket" } as const;

/** An id that Cloudflare might have given, or the name of a bucket: it becomes part of the names of files. */
const ADOPTABLE = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;

/** Whether something can be made under this id. */
export function isAdoptable(id: string): boolean {
  return ADOPTABLE.test(id);
}

/** What bindings lead to that is not there, each once. */
export async function missingResources(resources: Resources, bindings: readonly Binding[]): Promise<BoundResource[]> {
  const missing = new Map<string, BoundResource>();
  for (const bound of bindings.flatMap(boundResource)) {
    const { type, id } = bound;
    if ((await resources.resource(type, id)) === undefined) missing.set(`${type} ${id}`, bound);
  }
  return [...missing.values()];
}

/** Fails with `storage.unbound` when there are any. */
export function refuseMissing([first]: readonly BoundResource[]): void {
  if (first === undefined) return;
  const { name, type, id } = first;
  throw new Failure("storage.unbound", { detail: `"${name}" is bound to the ${TITLES[type]} "${id}", which does not exist` });
}

/** Fails with `storage.unbound` for an id that nothing is made under. */
export function checkAdoptable(missing: readonly BoundResource[]): void {
  refuseMissing(missing.filter(({ id }) => !isAdoptable(id)));
}

/** Makes what is missing under the ids that bindings name it by. Answers a sentence about it, if there was anything. */
export async function adopt(
  resources: Resources,
  missing: readonly BoundResource[],
  createdAt: number,
): Promise<readonly string[]> {
  const made: string[] = [];
  for (const { type, id, name } of missing)
    if (await resources.addResource({ type, id, name: id, createdAt })) made.push(`${TITLES[type]} "${id}" for ${name}`);
  return made.length === 0 ? [] : [`Created empty under the id of the configuration: ${made.join(", ")}`];
}
