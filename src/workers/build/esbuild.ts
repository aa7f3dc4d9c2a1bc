/** The options of esbuild, as wrangler sets them. */
import type { BuildOptions as EsbuildOptions, Loader, Plugin } from "esbuild";
import type { BuildOptions } from "./options.ts";

/** Both for what is bundled and for what is only looked at. */
const SYNTAX: Pick<EsbuildOptions, "target" | "supported" | "loader"> = {
  target: "es2024",
  // Newer syntax that the runtime has at every date.
  supported: { "import-source": true, using: true },
  loader: { ".js": "jsx", ".mjs": "jsx", ".cjs": "jsx" } satisfies Record<string, Loader>,
};

/** The options of a bundle; plugins aside. */
export function esbuildOptions(options: BuildOptions): EsbuildOptions & { write: false; metafile: true } {
  const { folder, main, define, minify, keepNames, jsxFactory, jsxFragment, tsconfig } = options;
  const environment = JSON.stringify(process.env["NODE_ENV"] || "development");
  return {
    ...SYNTAX,
    absWorkingDir: folder,
    entryPoints: [main],
    outfile: "index.js",
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    // esbuild adds `import` or `require`, whichever is meant; if one of them were named here, it would count for both.
    conditions: ["workerd", "worker", "browser"],
    external: ["__STATIC_CONTENT_MANIFEST"],
    define: {
      ...(hasNavigator(options) && { "navigator.userAgent": '"Cloudflare-Workers"' }),
      "process.env.NODE_ENV": environment,
      "global.process.env.NODE_ENV": environment,
      "globalThis.process.env.NODE_ENV": environment,
      ...define,
    },
    sourcemap: "external",
    sourcesContent: true,
    minify,
    keepNames,
    logLevel: "silent",
    ...(jsxFactory !== undefined && { jsxFactory }),
    ...(jsxFragment !== undefined && { jsxFragment }),
    ...(tsconfig !== undefined && { tsconfig }),
  };
}

/** From this date on scripts have `navigator`, so that its `userAgent` is known in advance. */
const NAVIGATOR_FROM = "2022-03-21";

function hasNavigator({ compatibilityDate: date, compatibilityFlags: flags }: BuildOptions): boolean {
  if (flags.includes("global_navigator")) return true;
  return !flags.includes("no_global_navigator") && (date === undefined || date >= NAVIGATOR_FROM);
}

/** Modules that the runtime has are left in the bundle. */
export const platformPlugin: Plugin = {
  name: "platform",
  setup: (build) => build.onResolve({ filter: /^cloudflare:/ }, () => ({ external: true })),
};

/** An alias stands for a module seen from the project's folder, whichever file imports it. */
export function aliasPlugin({ alias, folder }: Pick<BuildOptions, "alias" | "folder">): Plugin {
  const names = Object.keys(alias).map((name) => name.replaceAll(/[-/\\^$*+?.()|[\]{}]/g, String.raw`\$&`));
  return {
    name: "alias",
    setup: (build) => {
      if (names.length === 0) return;
      build.onResolve({ filter: new RegExp(`^(?:${names.join("|")})$`) }, ({ path, kind, pluginData }) =>
        pluginData === REPLACED
          ? undefined
          : build.resolve(alias[path] ?? path, { kind, resolveDir: folder, pluginData: REPLACED }),
      );
    },
  };
}

/** Marks what an alias led to: another alias, or the same, does not count there. */
const REPLACED = Symbol("replaced");
