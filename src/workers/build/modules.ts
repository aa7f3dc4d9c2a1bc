/** Imported files that are no code, or no part of the bundle: they become modules of their own, as wrangler uploads them. */
import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, sep } from "node:path";
import type { OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from "esbuild";
import type { ScriptModule } from "../../ports/catalog/script-versions.ts";
import type { BuildOptions, ModuleRule } from "./options.ts";
import { globPattern, moduleType, type ActiveRules } from "./rules.ts";

/** A module, and the file that it was made of. */
export interface FoundModule extends ScriptModule {
  readonly file: string;
}

type Options = Pick<BuildOptions, "findsModules" | "main" | "moduleRoot" | "notModules" | "preservesFileNames">;

/** The modules below `moduleRoot` that a rule names, but for the entry. */
export async function findModules(
  { main, moduleRoot: root, notModules }: Options,
  { rules }: ActiveRules,
): Promise<FoundModule[]> {
  const patterns = rules.flatMap((rule) => rule.globs.map((glob) => ({ rule, pattern: globPattern(glob, true) })));
  const found: FoundModule[] = [];
  for await (const file of filesBelow(root, new Set([main, ...notModules]))) {
    const name = relative(root, file).split(sep).join("/");
    const rule = patterns.find(({ pattern }) => pattern.test(name))?.rule;
    if (rule !== undefined) found.push(moduleOf(name, rule, file, await readFile(file)));
  }
  return found;
}

async function* filesBelow(folder: string, except: ReadonlySet<string>): AsyncGenerator<string> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (except.has(path)) continue;
    if (entry.isDirectory()) yield* filesBelow(path, except);
    else yield path;
  }
}

/** The plugin that takes them out of the bundle; `modules` has them after each build. */
export function moduleCollector(
  options: Options,
  active: ActiveRules,
): { readonly plugin: Plugin; readonly modules: FoundModule[] } {
  const modules: FoundModule[] = [];
  let foundFiles: ReadonlySet<string> = new Set();
  const collect = (module: FoundModule): void => {
    if (!modules.some(({ name }) => name === module.name)) modules.push(module);
  };
  const setup = (build: PluginBuild): void => {
    build.onStart(async () => {
      const found = options.findsModules ? await findModules(options, active) : [];
      modules.splice(0, Infinity, ...found);
      foundFiles = new Set(found.map(({ file }) => file));
    });
    for (const rule of active.rules)
      for (const glob of rule.globs)
        build.onResolve({ filter: globPattern(glob, false) }, async (args) => {
          if (args.pluginData === ASKED) return undefined;
          const path = withoutQuery(args.path);
          if (foundFiles.has(join(args.resolveDir, path))) return { path, external: true };
          // Code is bundled unless it was found as a module.
          if (rule.type === "ESModule" || rule.type === "CommonJS") return undefined;
          return imported(build, args, rule, options, collect);
        });
    for (const rule of active.shadowed)
      for (const glob of rule.globs)
        build.onResolve({ filter: globPattern(glob, false) }, ({ path, pluginData }) =>
          pluginData === ASKED ? undefined : { errors: [{ text: shadowedText(path, rule) }] },
        );
  };
  return { plugin: { name: "modules", setup }, modules };
}

/** Marks questions of our own, which are not to be asked again. */
const ASKED = Symbol("asked");

async function imported(
  build: PluginBuild,
  { path, kind, importer, resolveDir }: OnResolveArgs,
  rule: ModuleRule,
  { preservesFileNames }: Options,
  collect: (module: FoundModule) => void,
): Promise<OnResolveResult> {
  const plain = withoutQuery(path);
  const resolved = await build.resolve(plain, { kind, importer, resolveDir, pluginData: ASKED });
  const file = resolved.errors.length === 0 ? resolved.path : await inPackages(plain, resolveDir);
  if (file === undefined) return { errors: [{ text: `Could not resolve "${path}"` }] };
  const content = await readFile(file);
  const hash = createHash("sha1").update(content).digest("hex");
  const name = preservesFileNames && !isAbsolute(plain) ? plain : `./${hash}-${basename(plain)}`;
  collect(moduleOf(name, rule, file, content));
  return { path: name, external: true, watchFiles: [file] };
}

/** A file of a package that does not export it: wrangler takes it all the same. */
async function inPackages(path: string, folder: string): Promise<string | undefined> {
  if (path.startsWith(".") || isAbsolute(path)) return undefined;
  const file = join(folder, "node_modules", path);
  if ((await stat(file).catch(() => undefined))?.isFile() === true) return file;
  return dirname(folder) === folder ? undefined : inPackages(path, dirname(folder));
}

function moduleOf(name: string, rule: ModuleRule, file: string, content: Buffer): FoundModule {
  const type = moduleType(rule);
  const isBinary = type === "data" || type === "wasm";
  return { name, type, file, content: content.toString(isBinary ? "base64" : "utf8") };
}

function withoutQuery(path: string): string {
  return path.split("?", 1)[0] ?? path;
}

function shadowedText(path: string, rule: ModuleRule): string {
  return (
    `The file ${path} matched a module rule in your configuration (${JSON.stringify(rule)}), but was ignored because a previous ` +
    "rule with the same type was not marked as `fallthrough = true`."
  );
}
