/** The code that goes into isolates: our own, bundled once a process, and the module that joins it with a script's. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { ScriptVersion } from "../../../ports/catalog/script-versions.ts";
import { cached } from "../cached.ts";
import { EMAIL_MODULE, importsEmail } from "./email.ts";
import { addressComment } from "../inspector/source-map.ts";
import type { Prepared, SentModule } from "../messages.ts";

/** What the main module of a script is called unless the upload says otherwise. */
const SCRIPT_MODULE = "index.js";

/** The file beside this one that the package contains, so that users of the package do not need miniflare. */
export const ASSETS_BUNDLE = "assets.bundle.js";

/** A folder of our own; a script that has one of these names in it gets ours. */
const RUNTIME_MODULE = "~stepwell/runtime.js";
const BINDINGS_MODULE = "~stepwell/bindings.js";
const MAIN_MODULE = "~stepwell/main.js";

/** Our own code, as one module each. */
export interface OwnModules {
  readonly runtime: string;
  readonly loader: string;
}

/** The Worker with which Cloudflare serves static assets. */
export const assetModule: () => Promise<string> = cached(() => {
  const isSource = import.meta.url.endsWith(".ts");
  return isSource ? publishedAssetWorker() : readFile(new URL(ASSETS_BUNDLE, import.meta.url), "utf8");
});

/** As miniflare brings it. */
export function publishedAssetWorker(): Promise<string> {
  const folder = join(dirname(createRequire(import.meta.url).resolve("miniflare")), "workers");
  return readFile(join(folder, "assets/assets.worker.js"), "utf8");
}

/** Bundles what lies in `isolate/`. */
export const ownModules: () => Promise<OwnModules> = cached(async () => {
  const [runtime, loader] = await Promise.all([bundled("script/main"), bundled("loader/loader")]);
  return { runtime, loader };
});

async function bundled(name: string): Promise<string> {
  // Sources run as `.ts`, the published package as `.js`.
  const extension = new URL(import.meta.url).pathname.endsWith(".ts") ? "ts" : "js";
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`../isolate/${name}.${extension}`, import.meta.url))],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    platform: "neutral",
    mainFields: ["module", "main"],
    external: ["cloudflare:*", "node:async_hooks"],
    minifyWhitespace: true,
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}

/** The name that a module has in stacks, and is imported by: its path from the root. It may look as if it led out; it never does. */
function moduleName(name: string = SCRIPT_MODULE): string {
  return posix.normalize(`/${name}`).slice(1);
}

/** The modules of an isolate, and which of them is the main one. Debuggers need addresses. */
export function isolateModules(
  { runtime }: OwnModules,
  version: ScriptVersion,
  prepared: Prepared,
  isInspected: boolean,
): { readonly mainModule: string; readonly modules: Readonly<Record<string, SentModule>> } {
  const { code, mainModule, modules = [] } = version;
  const script = moduleName(mainModule);
  const from = JSON.stringify(`../${script}`);
  return {
    mainModule: MAIN_MODULE,
    modules: {
      ...Object.fromEntries(modules.map(({ name, type, content }) => [moduleName(name), { type, content }])),
      [script]: isInspected ? esm(code, addressComment(script)) : esm(code),
      [MAIN_MODULE]: esm(
        `import "../${BINDINGS_MODULE}";`,
        `import * as script from ${from};`,
        `import { connect, handlers, StepwellHandlers, StepwellLink, StepwellObject, StepwellRun } from "../${RUNTIME_MODULE}";`,
        "connect(script);",
        `export * from ${from};`,
        "export { StepwellHandlers, StepwellLink, StepwellObject, StepwellRun };",
        "export default handlers(script.default ?? {});",
      ),
      [BINDINGS_MODULE]: esm(`import { prepare } from "../${RUNTIME_MODULE}";`, `prepare(${JSON.stringify(prepared)});`),
      [RUNTIME_MODULE]: esm(runtime),
      ...(importsEmail(version) && { [EMAIL_MODULE]: esm(`export { EmailMessage } from "./${RUNTIME_MODULE}";`) }),
    },
  };
}

function esm(...lines: string[]): SentModule {
  return { type: "esm", content: lines.join("\n") };
}
