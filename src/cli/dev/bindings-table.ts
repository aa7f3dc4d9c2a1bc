/** The bindings of a Worker as a table, like the one that wrangler prints at the start. Secrets are named, never shown. */
import { kindOf } from "../../bindings/kinds.ts";
import type { Binding } from "../../ports/catalog/bindings.ts";

/** Lines; none without bindings. `broken` has the names of those that lead nowhere. */
export function bindingsTable(bindings: readonly Binding[], broken: ReadonlySet<string>): string[] {
  if (bindings.length === 0) return [];
  const rows = bindings.map((binding): [string, string, string] => {
    const { what, which, works } = kindOf(binding).describe(binding);
    const mode = broken.has(binding.name) ? "not connected" : works === false ? "not supported" : "local";
    return [`env.${binding.name}${which === undefined ? "" : ` (${which})`}`, what, mode];
  });
  const all = [["Binding", "Resource", "Mode"] as const, ...rows];
  const width = (column: 0 | 1): number => Math.max(...all.map((row) => row[column].length)) + 2;
  return all.map(([name, resource, mode]) => `  ${name.padEnd(width(0))}${resource.padEnd(width(1))}${mode}`);
}
