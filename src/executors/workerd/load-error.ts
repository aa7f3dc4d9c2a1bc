/** Why a script does not load, from what workerd says of it: `TypeError: x is not a function (src/flow.ts:3:14)`. */
import { SourceMap, type SourceMapPayload, type SourceMapping } from "node:module";
import { SCRIPT_MODULE } from "./modules.ts";

const PREFIX = /^Failed to start Worker:\s*(?:Uncaught )?/;
const PLACE = /^\s*at (?:.*\()?([^\s()]+):(\d+):(\d+)\)?$/m;

/** The first line of the error, and where it was. */
export function describeLoadError(told: string, sourceMap: string | undefined): string {
  const text = told.replace(PREFIX, "");
  const [first = ""] = text.split("\n");
  // What was thrown and is no error comes as one, by the plainest name.
  const what = /^Error: (.*)$/.exec(first)?.[1] ?? first;
  const place = PLACE.exec(text);
  if (place?.[1] !== SCRIPT_MODULE) return what;
  // Of a syntax error, workerd counts the columns from 0.
  const column = Number(place[3]) + (first.startsWith("SyntaxError") ? 1 : 0);
  return `${what} (${origin(Number(place[2]), column, sourceMap)})`;
}

/** Where that comes from, as the source map has it. Lines and columns from 1. */
function origin(line: number, column: number, sourceMap: string | undefined): string {
  const entry =
    sourceMap &&
    (new SourceMap(JSON.parse(sourceMap) as SourceMapPayload).findEntry(line - 1, column - 1) as Partial<SourceMapping>);
  if (!entry || entry.originalSource === undefined) return `${SCRIPT_MODULE}:${line}:${column}`;
  return `${entry.originalSource}:${(entry.originalLine ?? 0) + 1}:${(entry.originalColumn ?? 0) + 1}`;
}
