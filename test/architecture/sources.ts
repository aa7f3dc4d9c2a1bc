/** The files of `src/`, and what they import: types as well. */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

export interface Source {
  /** Path from the root of the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

const root = fileURLToPath(new URL("../..", import.meta.url));
export const sources: readonly Source[] = globSync("src/**/*.{ts,tsx,mts,cts,js,mjs}", { cwd: root })
  .map((path) => path.replaceAll("\\", "/"))
  .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));

export const isTest = (path: string): boolean => path.endsWith(".test.ts");

const STATIC_IMPORT = /^(?:import|export)\b[^"'`;=]*?\bfrom\s*["']([^"']+)["']/gm;
const BARE_IMPORT = /^import\s*["']([^"']+)["']/gm;
/** Covers `await import("x")` and the type `import("x").Y`; a specifier that is no literal is captured as it stands. */
const CALLED_IMPORT = /\b(?:import|require|getBuiltinModule)\(\s*(?:["']([^"']+)["']|([^"'\s)][^)]*))/g;

export function importsOf(text: string): string[] {
  return [STATIC_IMPORT, BARE_IMPORT, CALLED_IMPORT].flatMap((pattern) =>
    Array.from(text.matchAll(pattern), (match) => match[1] ?? `(computed) ${match[2]}`),
  );
}

/** The path of an imported file of the repository; undefined for packages. */
export function importedPath(path: string, specifier: string): string | undefined {
  return specifier.startsWith(".") ? normalize(join(dirname(path), specifier)).replaceAll("\\", "/") : undefined;
}
