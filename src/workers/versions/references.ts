/** Which scripts need which: what is bound has to be there, and what others are bound to is not deleted by mistake. */
import { Failure } from "../../model/failures/failure.ts";
import type { Binding } from "../../ports/catalog/bindings.ts";
import type { Deployments } from "../../ports/catalog/deployments.ts";
import type { ScriptVersionInfo } from "../../ports/catalog/script-versions.ts";

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
    if ((await active(catalog, binding.service)) !== undefined) continue;
    const detail = `Could not resolve service binding '${binding.name}'. Target script '${binding.service}' not found.`;
    throw new Failure("script.service_missing", { field: "metadata.bindings", detail });
  }
}

/** The bindings of other scripts' active versions to this one. */
export async function referencesTo(catalog: Deployments, script: string): Promise<Reference[]> {
  const found: Reference[] = [];
  for (const other of await catalog.scriptNames()) {
    if (other === script) continue;
    const { bindings = [] } = (await active(catalog, other)) ?? {};
    for (const binding of bindings) {
      const { name, type } = binding;
      if (type === "service" && binding.service === script) found.push({ script: other, name, type });
      if (type === "durable_object_namespace" && binding.script === script) found.push({ script: other, name, type });
    }
  }
  return found;
}

async function active(catalog: Deployments, script: string): Promise<ScriptVersionInfo | undefined> {
  const [deployment] = (await catalog.deployments(script, 0, 1)).items;
  return deployment && catalog.scriptVersionInfo(deployment.versionId);
}
