/** Bundles a Worker into one ES module, as wrangler would: `cloudflare:*` and `node:*` imports are left in it. */
import { isAbsolute, join } from "node:path";
import { build, type BuildFailure, type Message, type Metafile } from "esbuild";
import { ProjectError } from "./config.ts";

export interface Bundle {
  readonly code: string;
  readonly sourceMap: string;
  /** Names that the module exports. */
  readonly exports: readonly string[];
  /** Files that it was made of, absolute. */
  readonly inputs: readonly string[];
}

/** Bundles the module that `main` (relative to the folder) names. Rejects with a `ProjectError` that says where the mistake is. */
export async function bundle(folder: string, main: string): Promise<Bundle> {
  try {
    const { outputFiles, metafile } = await build({
      absWorkingDir: folder,
      entryPoints: [main],
      outfile: "index.js",
      bundle: true,
      write: false,
      format: "esm",
      target: "es2024",
      platform: "neutral",
      mainFields: ["module", "main"],
      conditions: ["workerd", "worker", "browser", "import"],
      external: ["cloudflare:*", "node:*"],
      loader: { ".txt": "text", ".html": "text", ".sql": "text" },
      sourcemap: "external",
      sourcesContent: true,
      metafile: true,
      keepNames: true,
      logLevel: "silent",
    });
    const text = (ending: string): string => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? "";
    return {
      code: text("index.js"),
      sourceMap: text("index.js.map"),
      exports: exportsOf(metafile),
      inputs: inputsOf(folder, metafile),
    };
  } catch (cause) {
    if (isBuildFailure(cause)) throw new ProjectError(describe(cause.errors), { cause });
    throw cause;
  }
}

function exportsOf(metafile: Metafile): string[] {
  return Object.values(metafile.outputs).flatMap(({ entryPoint, exports }) => (entryPoint === undefined ? [] : exports));
}

function inputsOf(folder: string, metafile: Metafile): string[] {
  return Object.keys(metafile.inputs).map((path) => (isAbsolute(path) ? path : join(folder, path)));
}

function isBuildFailure(cause: unknown): cause is BuildFailure {
  return cause instanceof Error && Array.isArray((cause as { errors?: unknown }).errors);
}

function describe(errors: readonly Message[]): string {
  const [first] = errors;
  if (first === undefined) return "The Worker cannot be bundled";
  const { location, text } = first;
  const where = location === null ? "" : `${location.file}:${location.line}:${location.column + 1}: `;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  return `${where}${text}${more}`;
}
