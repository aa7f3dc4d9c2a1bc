/**
 * The module `cloudflare:email`. workerd has it, but takes the class in it from its embedder, and gives embedders no way to bring it into
 * what its loader loads. A module of the script that has the name goes first, which only the older of the two module registries
 * allows; from the compatibility date 2026-11-17 on the newer one is the default. So a script that imports this one gets the older.
 */
import type { ScriptVersion } from "../../../ports/catalog/script-versions.ts";

export const EMAIL_MODULE = "cloudflare:email";

/** The flags that choose a registry. */
const OLDER = "legacy_module_registry";
const NEWER = "new_module_registry";

/** True when the script has the name in it: whether it imports the module is not worth parsing it. */
export function importsEmail({ code, modules = [] }: Pick<ScriptVersion, "code" | "modules">): boolean {
  return [code, ...modules.map(({ content }) => content)].some((text) => text.includes(EMAIL_MODULE));
}

/** The flags of a script that imports it. */
export function withOlderRegistry(flags: readonly string[]): string[] {
  return [...flags.filter((flag) => flag !== NEWER), OLDER];
}
