/** What becomes of a script's bindings in `env`, by their names. */
import type { Binding, BindingType } from "../ports/catalog/bindings.ts";
import type { Provision } from "./kind.ts";
import { kindOf } from "./kinds.ts";

export type Provisions = Readonly<Record<string, TypedProvision>>;

type TypedProvision = Provision & { readonly type: BindingType };

/** What becomes of one binding of a script. */
export function provisionOf(script: string, binding: Binding): TypedProvision {
  return { type: binding.type, ...kindOf(binding).provide(binding, script) };
}

export function provisionsOf(script: string, bindings: readonly Binding[]): Provisions {
  return Object.fromEntries(bindings.map((each) => [each.name, provisionOf(script, each)]));
}

/** The values among them. */
export function valuesOf(provisions: Provisions): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(provisions).flatMap(([name, each]) => (each.is === "value" ? [[name, each.value]] : [])),
  );
}
