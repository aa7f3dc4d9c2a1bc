/** Which scripts need which: what is bound has to be there, and what others are bound to is not deleted by mistake. */
import { Failure } from "../../model/failures/failure.ts";
import type { Binding } from "../../ports/catalog/bindings.ts";
import type { Deployments } from "../../ports/catalog/deployments.ts";
import { findActive } from "./scripts.ts";

/** A script that needs another one. */
export interface Reference {
  readonly script: string;
  /** The name of its binding. */
  readonly name: string;
  readonly type: "service" | "durable_object_namespace";
}

/** Fails with `script.service_missing` when a script of this name would be bound to one that is not there. */
export async function checkServices(catalog: Deployments, script: string, bindings: readonly Binding[]): Promise<void> {
  for (const binding of bindings) {
    if (binding.type !== "service" || binding.service === script) continue;
    if ((await findActive(catalog, binding.service)) !== undefined) continue;
    const detail = `Could not resolve service binding '${binding.name}'. Target script '${binding.service}' not found.`;
    throw new Failure("script.service_missing", { field: "metadata.bindings", detail });
  }
}

/** The bindings of other scripts' active versions to this one. */
export async function referencesTo(catalog: Deployments, script: string): Promise<Reference[]> {
  const found: Reference[] = [];
  for (const other of await catalog.scriptNames()) {
    if (other === script) continue;
    const { bindings = [] } = (await findActive(catalog, other)) ?? {};
    for (const binding of bindings) {
      const { name, type } = binding;
      if (type === "service" && binding.service === script) found.push({ script: other, name, type });
      if (type === "durable_object_namespace" && binding.script === script) found.push({ script: other, name, type });
    }
  }
  return found;
}
