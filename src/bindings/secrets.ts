/**
 * The secrets among a script's bindings. They are sealed before a version is stored, and opened only when a host is about
 * to load it. Each is sealed for its script and its name.
 */
import { isSealed } from "../model/values/value.ts";
import type { Binding, ScriptVersion } from "../ports/catalog.ts";
import type { Place, Vault } from "../ports/vault.ts";

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

function withTexts<T extends WithBindings>(version: T, change: (text: string, place: Place) => string): T {
  const bindings = version.bindings.map((binding): Binding => {
    if (binding.type !== "secret_text") return binding;
    // No workflow has an empty name, so this is no place of an output.
    const place = { workflow: "", instance: version.script, step: `secret ${binding.name}` };
    return { ...binding, text: change(binding.text, place) };
  });
  return { ...version, bindings };
}
