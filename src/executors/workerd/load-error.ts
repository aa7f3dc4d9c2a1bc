/** Why a script does not load, from what workerd says of it: `TypeError: x is not a function (src/flow.ts:3:14)`. */
import { SourceMap, type SourceMapPayload, type SourceMapping } from "node:module";
import type { ScriptVersion } from "../../ports/catalog.ts";
import { moduleName } from "./modules.ts";

/** What modules are below under `new_module_registry`, the default since 2026-11-17. */
const ROOT = "file:///bundle/";

const PREFIX = /^Failed to start Worker:\s*(?:Uncaught )?/;
const PLACE = /^\s*at (?:.*\()?([^\s()]+):(\d+):(\d+)\)?$/m;

/** The first line of the error, and where in the script it was. */
export function describeLoadError(told: string, { mainModule, modules = [], sourceMap }: ScriptVersion): string {
  const text = told.replace(PREFIX, "").replaceAll(ROOT, "");
  const [first = ""] = text.split("\n");
  // What was thrown and is no error comes as one, by the plainest name.
  const what = /^Error: (.*)$/.exec(first)?.[1] ?? first;
  const [, name = "", line, at] = PLACE.exec(text) ?? [];
  // Of a syntax error, workerd counts the columns from 0.
  const column = Number(at) + (first.startsWith("SyntaxError") ? 1 : 0);
  if (name === moduleName(mainModule)) return `${what} (${origin(name, Number(line), column, sourceMap)})`;
  return modules.some((module) => moduleName(module.name) === name) ? `${what} (${name}:${line}:${column})` : what;
}

/** Where that comes from, as the source map has it. Lines and columns from 1. */
function origin(name: string, line: number, column: number, sourceMap: string | undefined): string {
  const entry =
    sourceMap &&
    (new SourceMap(JSON.parse(sourceMap) as SourceMapPayload).findEntry(line - 1, column - 1) as Partial<SourceMapping>);
  if (!entry || entry.originalSource === undefined) return `${name}:${line}:${column}`;
  return `${entry.originalSource}:${(entry.originalLine ?? 0) + 1}:${(entry.originalColumn ?? 0) + 1}`;
}
