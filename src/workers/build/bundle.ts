/**
 * Builds a Worker's code as wrangler would: one ES module with what it imports, the files that stay modules of their own beside
 * it, and `cloudflare:*` imports left in it. What has been parsed is kept for the next build.
 */
import { readFile } from "node:fs/promises";
import { basename, isAbsolute, join } from "node:path";
import { context, formatMessages, type BuildContext, type Metafile } from "esbuild";
import type { ScriptModule } from "../../ports/catalog/script-versions.ts";
import { readExports } from "../code/analysis.ts";
import { checkEntry, checkExports } from "./entry.ts";
import { aliasPlugin, esbuildOptions, platformPlugin } from "./esbuild.ts";
import { buildError, isBuildFailure } from "./failure.ts";
import { findModules, moduleCollector, type FoundModule } from "./modules.ts";
import { nodejsMode, nodejsPlugin } from "./nodejs.ts";
import type { BuildOptions } from "./options.ts";
import { activeRules } from "./rules.ts";

export interface Bundle {
  /** The main module. */
  readonly code: string;
  readonly sourceMap?: string;
  /** The main module's name; `index.js` when absent. */
  readonly mainModule?: string;
  /** Other modules. */
  readonly modules: readonly ScriptModule[];
  /** Names that the main module exports; undefined when they cannot be known. */
  readonly exports?: readonly string[];
  /** Files that it was made of, absolute. */
  readonly inputs: readonly string[];
  /** In esbuild's and wrangler's words. */
  readonly warnings: readonly string[];
}

/** Builds a Worker again and again. */
export class Bundler {
  #key = "";
  /** Kept from the moment at which it is being opened, so that it is closed whenever that is asked for: it keeps this process alive. */
  #build: Promise<IncrementalBuild> | undefined;

  /** Rejects with a `ProjectError` that has all errors, each with its place and the code around it. */
  async build(options: BuildOptions): Promise<Bundle> {
    checkEntry(options);
    const made = options.bundles ? await this.#bundled(options) : await takenAsIs(options);
    checkExports(options, made.exports);
    return made;
  }

  async #bundled(options: BuildOptions): Promise<Bundle> {
    const key = JSON.stringify(options);
    const before = this.#build;
    if (before !== undefined && key === this.#key) return (await before).run();
    const opening = IncrementalBuild.open(options);
    this.#build = opening;
    this.#key = key;
    opening.catch(() => {
      if (this.#build === opening) this.#build = undefined;
    });
    await closed(before);
    return (await opening).run();
  }

  async close(): Promise<void> {
    const build = this.#build;
    this.#build = undefined;
    await closed(build);
  }
}

/** A build that could not be opened has already rejected its caller's promise. */
async function closed(build: Promise<IncrementalBuild> | undefined): Promise<void> {
  const opened = await build?.catch(() => undefined);
  await opened?.close();
}

/** One build. */
export async function bundle(options: BuildOptions): Promise<Bundle> {
  const bundler = new Bundler();
  try {
    return await bundler.build(options);
  } finally {
    await bundler.close();
  }
}

interface Opened {
  readonly options: BuildOptions;
  readonly context: BuildContext<{ write: false; metafile: true }>;
  /** Of the last build. */
  readonly modules: readonly FoundModule[];
  /** What plugins say of the build. */
  readonly said: string[];
  /** What is to be said of the options. */
  readonly always: readonly string[];
}

class IncrementalBuild {
  readonly #opened: Opened;

  private constructor(opened: Opened) {
    this.#opened = opened;
  }

  static async open(options: BuildOptions): Promise<IncrementalBuild> {
    const active = activeRules(options.rules);
    const { plugin, modules } = moduleCollector(options, active);
    const said: string[] = [];
    const nodejs = nodejsPlugin(options, (text) => said.push(text));
    const plugins = [aliasPlugin(options), plugin, nodejs, platformPlugin];
    const opened = await context({ ...esbuildOptions(options), plugins });
    return new IncrementalBuild({ options, context: opened, modules, said, always: active.warnings });
  }

  async run(): Promise<Bundle> {
    const { options, context: opened, modules, said, always } = this.#opened;
    said.splice(0);
    try {
      const { outputFiles, metafile, warnings } = await opened.rebuild();
      const text = (ending: string): string => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? "";
      const shown = await formatMessages(warnings, { kind: "warning", color: false });
      return {
        code: text("index.js"),
        sourceMap: text("index.js.map"),
        modules: modules.map(({ file: _file, ...module }) => module),
        exports: exportsOf(metafile),
        inputs: [...inputsOf(options.folder, metafile), ...modules.map(({ file }) => file)],
        warnings: [...always, ...said, ...shown.map((each) => each.trim())],
      };
    } catch (cause) {
      if (isBuildFailure(cause)) throw await buildError(cause, nodejsMode(options));
      throw cause;
    }
  }

  close(): Promise<void> {
    return this.#opened.context.dispose();
  }
}

/** Files that another program has bundled. */
async function takenAsIs(options: BuildOptions): Promise<Bundle> {
  const { main, findsModules } = options;
  const code = await readFile(main, "utf8");
  const active = activeRules(options.rules);
  const found = findsModules ? await findModules(options, active) : [];
  const modules = found.map(({ file: _file, ...module }) => module);
  const exports = await readExports({ code, modules });
  const sourceMap = await readFile(`${main}.map`, "utf8").catch(() => undefined);
  return {
    code,
    mainModule: basename(main),
    modules,
    ...(exports !== undefined && { exports }),
    ...(sourceMap !== undefined && { sourceMap }),
    inputs: [main, ...found.map(({ file }) => file)],
    warnings: active.warnings,
  };
}

function exportsOf(metafile: Metafile): string[] {
  return Object.values(metafile.outputs).flatMap(({ entryPoint, exports }) => (entryPoint === undefined ? [] : exports));
}

/** Virtual modules have the name of a plugin before their own. */
function inputsOf(folder: string, metafile: Metafile): string[] {
  return Object.keys(metafile.inputs).flatMap((path) =>
    /^[\w-]{2,}:/.test(path) ? [] : [isAbsolute(path) ? path : join(folder, path)],
  );
}
