/** Scripts as a debugger is to see them: with their source map, whose sources are files of the project. */
import { pathToFileURL } from "node:url";
import { posix, resolve } from "node:path";

/** What is known of an isolate's main module. */
export interface MappedCode {
  /** The module's name; `index.js` when absent. */
  readonly mainModule?: string | undefined;
  readonly sourceMap?: string | undefined;
}

/** Debuggers resolve what is relative against the address of a script, so it has to be one. */
const BASE = "file:///bundle/";

/** What stands last in a module's code, so that it has an address. Stacks leave it out again (`workers/logs/stack.ts`). */
export function addressComment(module: string): string {
  return `//# sourceURL=${BASE}${encodeURI(module)}`;
}

/** The source map's address for a script of an isolate; undefined for scripts that have none. Sources are relative to `folder`. */
export function sourceMapAddress(
  url: string,
  { mainModule = "index.js", sourceMap }: MappedCode,
  folder: string | undefined,
): string | undefined {
  if (sourceMap === undefined || url !== BASE + encodeURI(posix.normalize(`/${mainModule}`).slice(1))) return undefined;
  const map = located(sourceMap, folder);
  return map === undefined ? undefined : `data:application/json;base64,${Buffer.from(map).toString("base64")}`;
}

/** The map with the files that its sources are. One that cannot be read is none. */
function located(json: string, folder: string | undefined): string | undefined {
  try {
    const map = JSON.parse(json) as { readonly sources: readonly string[] };
    const sources = map.sources.map((source) =>
      folder === undefined || /^[\w-]{2,}:/.test(source) ? source : pathToFileURL(resolve(folder, source)).href,
    );
    return JSON.stringify({ ...map, file: undefined, sourceRoot: undefined, sources });
  } catch {
    return undefined;
  }
}
