/**
 * The gateway with the simulators, as one module. From sources it is bundled when it is first needed; the published package
 * contains the module, so that its users do not need miniflare and its dependencies.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { cached } from "../cached.ts";

/** The file beside this one that the package brings along. */
export const STORAGE_BUNDLE = "gateway.bundle.js";

const SIMULATORS: Readonly<Record<string, string>> = {
  "miniflare:kv": "kv/namespace.worker.js",
  "miniflare:d1": "d1/database.worker.js",
  "miniflare:r2": "r2/bucket.worker.js",
  "miniflare:shared": "shared/index.worker.js",
  "miniflare:zod": "shared/zod.worker.js",
};

const NOTICE = `/*! Contains parts of miniflare (MIT, Copyright Cloudflare, Inc.) and of zod (MIT, Copyright Colin McDonnell). */`;

/** The gateway's code. */
export const storageModule: () => Promise<string> = cached(() => {
  const isSource = import.meta.url.endsWith(".ts");
  return isSource ? bundleStorage() : readFile(new URL(STORAGE_BUNDLE, import.meta.url), "utf8");
});

/** Bundles it anew. */
export async function bundleStorage(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("./gateway.ts", import.meta.url))],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    platform: "neutral",
    keepNames: true,
    minifyWhitespace: true,
    banner: { js: NOTICE },
    plugins: [simulators],
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}

const simulators: Plugin = {
  name: "simulators",
  setup: (resolving) => {
    const folder = join(dirname(createRequire(import.meta.url).resolve("miniflare")), "workers");
    resolving.onResolve({ filter: /^miniflare:/ }, ({ path }) => ({ path: join(folder, SIMULATORS[path] ?? path) }));
    // Modules that workerd provides to extensions are available to all code under Node's names.
    resolving.onResolve({ filter: /^node-internal:internal_/ }, ({ path }) => ({
      path: path.replace("node-internal:internal_", "node:"),
      external: true,
    }));
    resolving.onResolve({ filter: /^(node|cloudflare):/ }, ({ path }) => ({ path, external: true }));
  },
};
