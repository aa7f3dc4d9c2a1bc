/**
 * Places in stacks, as a source map has them. Executors tell places in the code that they run; what people read is about
 * the sources. Frames of our own and of the platform's are left out.
 */
import { posix } from "node:path";
import { SourceMap, type SourceMapPayload, type SourceMapping } from "node:module";
import type { ScriptVersion } from "../../ports/catalog/script-versions.ts";

/** What is needed of a version to find the sources. */
export type MappedCode = Pick<ScriptVersion, "sourceMap" | "mainModule">;

/**
 * `    at name (file:line:column)`, or without a name, which `async` may still stand before. Behind the last of them the properties of
 * an error begin when it is written as a value.
 */
const FRAME = /^(\s+at (?:async )?(?:.*\()?)((?:\w+:\/\/\/?)?[^\s()]*?):(\d+):(\d+)(\)?)( \{)?$/;

/** What stands before the name of a module in the stacks of some executors. */
const ROOT = /^(?:stepwell:\/\/\/|file:\/\/\/bundle\/)/;

/** Modules that are no script's. */
const FOREIGN = /^(?:file:|node:|cloudflare:|~stepwell\/)/;

const maps = new WeakMap<MappedCode, SourceMap | undefined>();

/** A text with the stacks in it mapped. Whatever is no stack stays as it is. */
export function mapStack(text: string, version: MappedCode): string {
  if (!text.includes("\n")) return text;
  return text.split("\n").reduce((mapped, line, i) => mapped + mapFrame(line, version, i === 0 ? "" : "\n"), "");
}

/** What becomes of a line that stands behind `separator`. */
function mapFrame(line: string, version: MappedCode, separator: string): string {
  const [, before, url = "", row, column, after, properties = ""] = FRAME.exec(line) ?? [];
  if (before === undefined) return separator + line;
  const module = url.replace(ROOT, "");
  if (FOREIGN.test(module)) return properties;
  const { mainModule = "index.js" } = version;
  const place = module === posix.normalize(`/${mainModule}`).slice(1) ? origin(version, Number(row), Number(column)) : undefined;
  return `${separator}${before}${place ?? `${module}:${row}:${column}`}${after}${properties}`;
}

/** Where a place of the code comes from. Lines and columns from 1. */
function origin(version: MappedCode, line: number, column: number): string | undefined {
  const entry: Partial<SourceMapping> | undefined = mapOf(version)?.findEntry(line - 1, column - 1);
  if (entry?.originalSource === undefined) return undefined;
  return `${entry.originalSource}:${(entry.originalLine ?? 0) + 1}:${(entry.originalColumn ?? 0) + 1}`;
}

/** Read once for each version: it may be megabytes. One that cannot be read is none. */
function mapOf(version: MappedCode): SourceMap | undefined {
  if (!maps.has(version)) maps.set(version, readMap(version.sourceMap));
  return maps.get(version);
}

function readMap(json: string | undefined): SourceMap | undefined {
  try {
    return json === undefined ? undefined : new SourceMap(JSON.parse(json) as SourceMapPayload);
  } catch {
    return undefined;
  }
}
