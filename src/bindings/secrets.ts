/**
 * The secrets among a script's bindings. They are sealed before a version is stored, and opened only when a host is about
 * to load it. Each is sealed for its script and its name.
 */
import { isSealed } from "../model/values/value.ts";
import type { Binding } from "../ports/catalog/bindings.ts";
import type { ScriptVersion } from "../ports/catalog/script-versions.ts";
import type { Place, Vault } from "../ports/vault.ts";
import { kindOf } from "./kinds.ts";

type WithBindings = Pick<ScriptVersion, "script" | "bindings">;

/** The version with its secrets sealed. */
export function sealSecrets<T extends WithBindings>(vault: Vault, version: T): T {
  return withTexts(version, (text, place) => vault.seal(text, place));
}

/**
 * The version with its secrets in the clear; those of old databases were never sealed.
 *
 * @throws Failure `vault.key_missing`, `vault.damaged`.
 */
export function openSecrets<T extends WithBindings>(vault: Vault, version: T): T {
  return withTexts(version, (text, place) => (isSealed(text) ? vault.open(text, place) : text));
}

/** The bindings that have secrets. */
export function secretBindings(bindings: readonly Binding[]): readonly Binding[] {
  return bindings.filter((each) => kindOf(each).withSecrets !== undefined);
}

/** A binding without its secrets: what others may tell it by. */
export function withoutSecrets(binding: Binding): Binding {
  return kindOf(binding).withSecrets?.(binding, () => "") ?? binding;
}

function withTexts<T extends WithBindings>(version: T, change: (text: string, place: Place) => string): T {
  const bindings = version.bindings.map((binding) => {
    // No workflow has an empty name, so this is no place of an output.
    const place = { workflow: "", instance: version.script, step: `secret ${binding.name}` };
    return kindOf(binding).withSecrets?.(binding, (text) => change(text, place)) ?? binding;
  });
  return { ...version, bindings };
}
