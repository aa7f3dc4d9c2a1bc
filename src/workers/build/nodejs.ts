/**
 * Node's modules in a Worker, by the compatibility date and flags, as wrangler bundles them. With `nodejs_compat` of today, imports
 * of them lead to the runtime's own ones where it has them and to Cloudflare's preset of unenv where it has not; without it,
 * `node:` imports are left in the bundle and nothing else is there.
 */
import { createRequire } from "node:module";
import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { OnResolveArgs, Plugin, PluginBuild } from "esbuild";

/** From this date on `nodejs_compat` is on unless it is turned off. */
const ON_BY_DEFAULT_FROM = "2026-08-04";

/** From this date on `nodejs_compat` brings polyfills. */
const POLYFILLS_FROM = "2024-09-23";

/** After all dates: what a script without one runs with. */
const NEWEST = "9999-12-31";

/** `v2`: with polyfills. `v1`: only what the runtime has, under `node:`. `als`: AsyncLocalStorage alone. `none`: nothing. */
export type NodejsMode = "v2" | "v1" | "als" | "none";

/** A compatibility date and flags. */
export interface Compatibility {
  /** The newest when undefined. */
  readonly compatibilityDate: string | undefined;
  readonly compatibilityFlags: readonly string[];
}

/** What a script has of Node. */
export function nodejsMode({ compatibilityDate: date = NEWEST, compatibilityFlags: flags }: Compatibility): NodejsMode {
  const has = (flag: string): boolean => flags.includes(flag);
  const byDefault = date >= ON_BY_DEFAULT_FROM;
  const isOn = has("nodejs_compat") || (byDefault && !has("no_nodejs_compat"));
  if (has("nodejs_compat_v2") || (!has("no_nodejs_compat_v2") && (byDefault || (isOn && date >= POLYFILLS_FROM)))) return "v2";
  if (isOn) return "v1";
  return has("nodejs_als") ? "als" : "none";
}

/** The esbuild plugin for it. `warn` gets the problems of the code; it must not be called twice for one build. */
export function nodejsPlugin(compatibility: Compatibility, warn: (text: string) => void): Plugin {
  const mode = nodejsMode(compatibility);
  return mode === "v2" ? polyfilled(compatibility) : leftOut(mode, warn);
}

/** `node:` imports stay in the bundle, unless a package of that name is there. */
function leftOut(mode: NodejsMode, warn: (text: string) => void): Plugin {
  return {
    name: "nodejs",
    setup: (build) => {
      const importers = new Map<string, Set<string>>();
      build.onStart(() => importers.clear());
      if (mode === "als") build.onResolve({ filter: /^node:async_hooks(\/|$)/ }, () => ({ external: true }));
      build.onResolve({ filter: /^node:/ }, async ({ path, kind, importer, resolveDir, pluginData }: OnResolveArgs) => {
        if (pluginData === ASKED) return undefined;
        const found = await build.resolve(path, { kind, importer, resolveDir, pluginData: ASKED });
        if (found.errors.length === 0) return found;
        importers.set(path, (importers.get(path) ?? new Set()).add(importer));
        return { external: true };
      });
      if (mode === "v1") return;
      const { absWorkingDir: root = "/" } = build.initialOptions;
      build.onEnd(() => {
        for (const [path, from] of importers) {
          const files = [...from].map((file) => ` - ${relative(root, file)}`);
          warn(
            `The package "${path}" wasn't found on the file system but is built into node.\n` +
              'Your Worker may throw errors at runtime unless you enable the "nodejs_compat" compatibility flag. Imported from:\n' +
              files.join("\n"),
          );
        }
      });
    },
  };
}

/** Marks questions of our own, which are not to be asked again. */
const ASKED = Symbol("asked");

const require: NodeJS.Require = createRequire(import.meta.url);
const here = dirname(fileURLToPath(import.meta.url));

type Unenv = Awaited<ReturnType<typeof preset>>;

/** What Cloudflare's preset makes of Node's modules at a date. Loaded when it is needed. */
async function preset({ compatibilityDate = NEWEST, compatibilityFlags }: Compatibility) {
  const { defineEnv } = await import("unenv");
  const { getCloudflarePreset, nonPrefixedNodeModules } = await import("@cloudflare/unenv-preset");
  const presets = [getCloudflarePreset({ compatibilityDate, compatibilityFlags: [...compatibilityFlags] })];
  const { alias, inject, external, polyfill } = defineEnv({ presets, npmShims: true }).env;
  // The package itself works, and unenv's stand-in says nothing.
  const { debug: _debug, ...aliases } = alias;
  return { aliases, inject, external, polyfill, builtins: nonPrefixedNodeModules };
}

function polyfilled(compatibility: Compatibility): Plugin {
  return {
    name: "nodejs-compat",
    setup: async (build) => {
      const unenv = await preset(compatibility);
      const builtin = new RegExp(`^(${unenv.builtins.join("|")}|node:.+)$`);
      requireBuiltins(build, builtin);
      followAliases(build, unenv);
      injectGlobals(build, unenv);
    },
  };
}

/** `require("fs")` is a function call that an ES module cannot make: it becomes an import. */
function requireBuiltins(build: PluginBuild, builtin: RegExp): void {
  build.onResolve({ filter: builtin }, ({ path, kind }) =>
    kind === "require-call" ? { path, namespace: "nodejs-required" } : undefined,
  );
  build.onLoad({ filter: /.*/, namespace: "nodejs-required" }, ({ path }) => ({
    contents: `import whole from ${JSON.stringify(path)};\nmodule.exports = whole;`,
    loader: "js",
    resolveDir: here,
  }));
}

function followAliases(build: PluginBuild, { aliases, external }: Unenv): void {
  const resolved = new Map(Object.entries(aliases).flatMap(([name, to]) => resolvedPath(name, to)));
  const filter = new RegExp(`^(${[...resolved.keys()].join("|").replaceAll(".", String.raw`\.`)})$`);
  build.onResolve({ filter }, ({ path, kind }) => {
    const to = aliases[path] ?? "";
    if (kind === "require-call" && /^unenv\/(?:npm|mock)\//.test(to)) return { path, namespace: "nodejs-required-alias" };
    return { path: resolved.get(path) ?? to, external: external.includes(to) };
  });
  build.onLoad({ filter: /.*/, namespace: "nodejs-required-alias" }, ({ path }) => ({
    contents: [
      `import * as whole from ${JSON.stringify(path)};`,
      'module.exports = "default" in whole ? whole.default : {};',
      "for (const [name, value] of Object.entries(whole))",
      '  if (name !== "default") Object.defineProperty(module.exports, name, { value, enumerable: true });',
    ].join("\n"),
    loader: "js",
    resolveDir: here,
  }));
}

/** Where an alias leads; one that leads nowhere is none. */
function resolvedPath(name: string, to: string): [string, string][] {
  try {
    return [[name, require.resolve(to)]];
  } catch {
    return [];
  }
}

/** Globals such as `process`, which come from a module. Each module is injected once, and sets all globals that it gives. */
function injectGlobals(build: PluginBuild, { inject, polyfill }: Unenv): void {
  const byModule = Map.groupBy(
    Object.entries(inject).map(([name, from]) => {
      const [module = "", exported = "default"] = typeof from === "string" ? [from] : from;
      return { name, module, exported };
    }),
    ({ module }) => module,
  );
  const { initialOptions } = build;
  initialOptions.inject = [
    ...(initialOptions.inject ?? []),
    ...[...byModule.keys()].map((module) => `nodejs-globals:${module}`),
    ...polyfill.map((module) => require.resolve(module)),
  ];
  build.onResolve({ filter: /^nodejs-globals:/ }, ({ path }) => ({
    path: path.slice("nodejs-globals:".length),
    namespace: "nodejs-globals",
  }));
  build.onLoad({ filter: /.*/, namespace: "nodejs-globals" }, ({ path }) => {
    const globals = byModule.get(path) ?? [];
    const imports = globals.map(({ exported }, i) => `${exported} as global${i}`);
    const set = globals.map(({ name }, i) => `globalThis.${name} = global${i};`);
    return { contents: `import { ${imports.join(", ")} } from ${JSON.stringify(path)};\n${set.join("\n")}`, resolveDir: here };
  });
}
