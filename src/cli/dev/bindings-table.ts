/** The bindings of a Worker as a table, like the one that wrangler prints at the start. Secrets are named, never shown. */
import type { Binding } from "../../ports/catalog/bindings.ts";

/** Longer values are cut. */
const SHOWN = 40;

/** Lines; none without bindings. `broken` has the names of those that lead nowhere. */
export function bindingsTable(bindings: readonly Binding[], broken: ReadonlySet<string>): string[] {
  if (bindings.length === 0) return [];
  const rows = bindings.map((binding): [string, string, string] => {
    const { resource, is } = shown(binding);
    const mode = broken.has(binding.name) ? "not connected" : binding.type === "unsupported" ? "not supported" : "local";
    return [`env.${binding.name}${is === undefined ? "" : ` (${is})`}`, resource, mode];
  });
  const all = [["Binding", "Resource", "Mode"] as const, ...rows];
  const width = (column: 0 | 1): number => Math.max(...all.map((row) => row[column].length)) + 2;
  return all.map(([name, resource, mode]) => `  ${name.padEnd(width(0))}${resource.padEnd(width(1))}${mode}`);
}

function shown(binding: Binding): { readonly resource: string; readonly is?: string } {
  switch (binding.type) {
    case "plain_text":
      return { resource: "Environment Variable", is: cut(JSON.stringify(binding.text)) };
    case "json":
      return { resource: "Environment Variable", is: cut(JSON.stringify(binding.json)) };
    case "secret_text":
      return { resource: "Environment Variable", is: '"(hidden)"' };
    case "workflow":
      return { resource: "Workflow", is: elsewhere(binding.className ?? binding.workflow, binding.script) };
    case "version_metadata":
      return { resource: "Worker Version Metadata" };
    case "queue":
      return { resource: "Queue", is: binding.queue };
    case "kv_namespace":
      return { resource: "KV Namespace", is: binding.id };
    case "d1":
      return { resource: "D1 Database", is: binding.id };
    case "r2_bucket":
      return { resource: "R2 Bucket", is: binding.bucket };
    case "service":
      return { resource: "Worker", is: [binding.service, binding.entrypoint].filter(Boolean).join("#") };
    case "durable_object_namespace":
      return { resource: "Durable Object", is: elsewhere(binding.className, binding.script) };
    case "assets":
      return { resource: "Assets" };
    case "unsupported":
      return { resource: binding.kind };
  }
}

function elsewhere(className: string, script: string | undefined): string {
  return script === undefined ? className : `${className}, defined in ${script}`;
}

function cut(text: string): string {
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`;
}
