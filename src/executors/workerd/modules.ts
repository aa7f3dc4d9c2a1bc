/** The code that goes into isolates: our own, bundled once a process, and the module that joins it with a script's. */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { ScriptVersion } from "../../ports/catalog.ts";
import { facadesOf } from "./env.ts";

/** The module of a script has this name in its stacks. */
export const SCRIPT_MODULE = "index.js";

const RUNTIME_MODULE = "stepwell.js";
const BINDINGS_MODULE = "stepwell-bindings.js";
const MAIN_MODULE = "stepwell-main.js";

/** Our own code, as one module each. */
export interface OwnModules {
  readonly runtime: string;
  readonly loader: string;
}

let built: Promise<OwnModules> | undefined;

/** Bundles what lies in `isolate/`. */
export function ownModules(): Promise<OwnModules> {
  return (built ??= Promise.all([bundled("main"), bundled("loader")]).then(([runtime, loader]) => ({ runtime, loader })));
}

async function bundled(name: string): Promise<string> {
  // Sources run as `.ts`, the published package as `.js`.
  const extension = new URL(import.meta.url).pathname.endsWith(".ts") ? "ts" : "js";
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`./isolate/${name}.${extension}`, import.meta.url))],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    platform: "neutral",
    mainFields: ["module", "main"],
    external: ["cloudflare:*"],
    keepNames: true,
    minifyWhitespace: true,
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}

/** The modules of an isolate, and which of them is the main one. `mark` begins what the script writes. */
export function isolateModules(
  { runtime }: OwnModules,
  { code, bindings }: ScriptVersion,
  mark: string,
): { readonly mainModule: string; readonly modules: Readonly<Record<string, string>> } {
  const workflows = bindings.flatMap((binding) => (binding.type === "workflow" ? [[binding.name, binding.workflow]] : []));
  const facades = Object.entries(facadesOf(bindings)).map(([name, { type }]) => [name, type]);
  return {
    mainModule: MAIN_MODULE,
    modules: {
      [MAIN_MODULE]: lines(
        `import "${BINDINGS_MODULE}";`,
        `import * as script from "${SCRIPT_MODULE}";`,
        `import { connect, StepwellLink, StepwellRun } from "${RUNTIME_MODULE}";`,
        "connect(script);",
        `export * from "${SCRIPT_MODULE}";`,
        "export { StepwellLink, StepwellRun };",
        "export default script.default ?? {};",
      ),
      [BINDINGS_MODULE]: lines(
        `import { prepare } from "${RUNTIME_MODULE}";`,
        `prepare(${[mark, Object.fromEntries(workflows), Object.fromEntries(facades)].map((each) => JSON.stringify(each)).join(", ")});`,
      ),
      [RUNTIME_MODULE]: runtime,
      [SCRIPT_MODULE]: code,
    },
  };
}

function lines(...text: string[]): string {
  return text.join("\n");
}
