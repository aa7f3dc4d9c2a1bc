/** How a Worker's code is built, in wrangler's terms. Plain data: builds with equal options share what they have parsed. */
import { dirname, resolve } from "node:path";

/** What becomes of files of some names when they are imported. */
export interface ModuleRule {
  readonly type: "ESModule" | "CommonJS" | "CompiledWasm" | "Text" | "Data" | "PythonModule" | "PythonRequirement";
  readonly globs: readonly string[];
  /** Whether later rules of the same type count as well. */
  readonly fallthrough?: boolean;
}

/** Paths are absolute. */
export interface BuildOptions {
  /** Where the project is. */
  readonly folder: string;
  /** The entry module. */
  readonly main: string;
  /** Where additional modules are looked for; their names are relative to it. */
  readonly moduleRoot: string;
  /** False when files are taken as they are. */
  readonly bundles: boolean;
  /** Whether files below `moduleRoot` that fit a rule are modules, imported or not. */
  readonly findsModules: boolean;
  /** Files and folders that are never found that way. */
  readonly notModules: readonly string[];
  /** Whether imported files keep their names instead of getting their hash. */
  readonly preservesFileNames: boolean;
  /** Those of the project; wrangler's own come after them. */
  readonly rules: readonly ModuleRule[];
  readonly define: Readonly<Record<string, string>>;
  readonly alias: Readonly<Record<string, string>>;
  readonly minify: boolean;
  /** Whether functions keep their `name` when their identifiers change. */
  readonly keepNames: boolean;
  readonly jsxFactory?: string;
  readonly jsxFragment?: string;
  readonly tsconfig?: string;
  /** The newest when undefined. */
  readonly compatibilityDate: string | undefined;
  readonly compatibilityFlags: readonly string[];
  /** A command that makes `main`, the folder to run it in, and the folders whose changes make it run again. */
  readonly command?: { readonly command: string; readonly cwd: string; readonly trees: readonly string[] };
}

/** How an entry is built when nothing else is said. */
export function plainBuild(folder: string, main: string): BuildOptions {
  const entry = resolve(folder, main);
  return {
    folder,
    main: entry,
    moduleRoot: dirname(entry),
    bundles: true,
    findsModules: false,
    notModules: [],
    preservesFileNames: false,
    rules: [],
    define: {},
    alias: {},
    minify: false,
    keepNames: true,
    compatibilityDate: undefined,
    compatibilityFlags: [],
  };
}
