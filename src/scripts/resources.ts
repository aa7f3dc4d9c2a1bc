/** The KV namespaces, D1 databases and R2 buckets that bindings lead to. */
import { Failure } from "../model/errors.ts";
import type { Binding } from "../ports/catalog.ts";
import type { Resource, Resources } from "../ports/resources.ts";

/** What a binding leads to; undefined when that is nothing of the kind. */
function boundResource(binding: Binding): Pick<Resource, "type" | "id"> | undefined {
  switch (binding.type) {
    case "kv_namespace":
      return { type: "kv", id: binding.id };
    case "d1":
      return { type: "d1", id: binding.id };
    case "r2_bucket":
      return { type: "r2", id: binding.bucket };
    default:
      return undefined;
  }
}

const TITLES = { kv: "KV namespace", d1: "D1 database", r2: "R2 bucket" } as const;

/** Fails with `storage.unbound` when a binding leads to something that is not there. */
export async function checkResources(resources: Resources, bindings: readonly Binding[]): Promise<void> {
  for (const binding of bindings) {
    const bound = boundResource(binding);
    if (bound === undefined || (await resources.resource(bound.type, bound.id)) !== undefined) continue;
    throw new Failure("storage.unbound", {
      detail: `"${binding.name}" is bound to the ${TITLES[bound.type]} "${bound.id}", which is not there`,
    });
  }
}
