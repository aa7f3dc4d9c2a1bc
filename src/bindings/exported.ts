/** Bindings without a name: what a script finds in `ctx.exports` for the workflows and the Durable Objects that it exports. */
import type { BindingOf } from "../ports/catalog/bindings.ts";
import type { ScriptVersion } from "../ports/catalog/script-versions.ts";

/** Under which name such a binding reaches the isolate; from there it is moved to `ctx.exports`. */
export function exportedName(className: string): string {
  return `ctx.exports.${className}`;
}

/** The classes, and the bindings to them. */
export function exportedBindings({ workflows = [], objectClasses = [] }: Pick<ScriptVersion, "workflows" | "objectClasses">): {
  readonly classes: readonly string[];
  readonly bindings: readonly BindingOf<"workflow" | "durable_object_namespace">[];
} {
  const exported = workflows.filter(({ isExported }) => isExported === true);
  return {
    classes: [...exported.map(({ className }) => className), ...objectClasses],
    bindings: [
      ...exported.map(({ name, className }) => ({ type: "workflow", name: exportedName(className), workflow: name }) as const),
      ...objectClasses.map(
        (className) => ({ type: "durable_object_namespace", name: exportedName(className), className }) as const,
      ),
    ],
  };
}
