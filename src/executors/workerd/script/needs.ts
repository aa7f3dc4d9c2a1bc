/** What a script needs besides a process, as its bindings lead out of the isolate. */
import { provisionsOf } from "../../../bindings/provisions.ts";
import type { ScriptVersion } from "../../../ports/catalog/script-versions.ts";

type Bound = Pick<ScriptVersion, "script" | "bindings" | "objectClasses">;

/** True when the script keeps something in the storage process. */
export function needsStorage(version: Bound): boolean {
  return facadesOf(version).has("StorageFacade");
}

/** True when the script calls others, or has objects: then it has to be where those are. */
export function needsHome(version: Bound): boolean {
  const facades = facadesOf(version);
  return (version.objectClasses ?? []).length > 0 || facades.has("ServiceFacade") || facades.has("ObjectsFacade");
}

/** True when the script is bound to Durable Objects. */
export function needsObjects(version: Bound): boolean {
  return facadesOf(version).has("ObjectsFacade");
}

function facadesOf({ script, bindings }: Bound): ReadonlySet<string> {
  const provisions = Object.values(provisionsOf(script, bindings));
  return new Set(provisions.flatMap((each) => (each.is === "stub" ? [each.facade] : [])));
}
