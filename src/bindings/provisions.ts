/** What a script's bindings become on the way into its isolate: plain values, and facades. Bindings to workflows are made there. */
import type { Binding, ScriptVersion } from "../ports/catalog.ts";
import { exportedName, type Facade } from "../executors/workerd/messages.ts";

/** The values that are sent as they are. */
export function envOf(bindings: readonly Binding[]): Record<string, unknown> {
  return Object.fromEntries(bindings.flatMap(plain));
}

function plain(binding: Binding): [string, unknown][] {
  switch (binding.type) {
    case "plain_text":
    case "secret_text":
      return [[binding.name, binding.text]];
    case "json":
      return [[binding.name, binding.json]];
    case "version_metadata":
      return [[binding.name, binding.metadata]];
    default:
      return [];
  }
}

/** What leads out of the isolate: bindings by their names, and the script's own objects by what `exportedName` makes of their class. */
export function facadesOf(version: Pick<ScriptVersion, "script" | "bindings" | "objectClasses">): Record<string, Facade> {
  const { script, bindings, objectClasses = [] } = version;
  const exported = objectClasses.map((className): [string, Facade] => [
    exportedName(className),
    { type: "durable_object_namespace", script, className },
  ]);
  return Object.fromEntries([...bindings.flatMap((binding) => facade(binding, script)), ...exported]);
}

function facade(binding: Binding, own: string): [string, Facade][] {
  switch (binding.type) {
    case "kv_namespace":
    case "d1":
      return [[binding.name, { type: binding.type, id: binding.id }]];
    case "r2_bucket":
      return [[binding.name, { type: binding.type, id: binding.bucket }]];
    case "assets":
      return [[binding.name, { type: "assets" }]];
    case "durable_object_namespace":
      return [[binding.name, { type: binding.type, script: binding.script ?? own, className: binding.className }]];
    case "service": {
      const { service: script, entrypoint } = binding;
      return [[binding.name, { type: "service", script, ...(entrypoint !== undefined && { entrypoint }) }]];
    }
    default:
      return [];
  }
}

/** True when the script keeps something in the storage process. */
export function needsStorage(bindings: readonly Binding[]): boolean {
  return bindings.some(({ type }) => type === "kv_namespace" || type === "d1" || type === "r2_bucket");
}

/** True when the script calls others, or has objects: then it has to be where those are. */
export function needsHome({ bindings, objectClasses = [] }: Pick<ScriptVersion, "bindings" | "objectClasses">): boolean {
  return objectClasses.length > 0 || bindings.some(({ type }) => type === "service" || type === "durable_object_namespace");
}

/** True when the script is bound to Durable Objects. */
export function needsObjects(bindings: readonly Binding[]): boolean {
  return bindings.some(({ type }) => type === "durable_object_namespace");
}
