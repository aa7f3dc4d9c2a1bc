/**
 * `stepwell/vitest`: a plugin for Vitest, which takes a project's bindings from its wrangler configuration. Tests and the
 * Worker's code run in the process of the test file, so that mocks, breakpoints and coverage work; workflows run on an engine in
 * memory, and KV, D1 and R2 are kept by workerd.
 */
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vitest/config";
export { readD1Migrations, type D1Migration } from "../testing/d1-migrations.ts";
import { readProject } from "../workers/config/project.ts";
import { MAIN_MODULE, type GivenProject } from "./given.ts";

/** The options of the plugin; the names are those of `@cloudflare/vitest-plugin`. */
export interface StepwellTestOptions {
  readonly wrangler?: {
    /** From the root of the project; found as wrangler finds it when absent. */
    readonly configPath?: string;
    readonly environment?: string;
  };
  /** The main module, when it is not that of the configuration. */
  readonly main?: string;
}

/** The modules that user code imports as `cloudflare:*`, by file. */
const MODULES = {
  "cloudflare:workers": "./workers-module",
  "cloudflare:workflows": "../runtime/cloudflare/workflows",
  "cloudflare:email": "../runtime/cloudflare/email",
  "cloudflare:test": "./cloudflare-test",
} as const;

/** Runs the tests of a Worker. */
export function stepwellTest({ wrangler = {}, main }: StepwellTestOptions = {}): Plugin {
  let mainFile: string | undefined;
  return {
    name: "stepwell",
    enforce: "pre",
    async config({ root = process.cwd() }) {
      const { configPath, environment } = wrangler;
      const folder = configPath === undefined ? root : dirname(resolve(root, configPath));
      const project = await readProject(folder, {
        ...(configPath !== undefined && { file: resolve(root, configPath) }),
        ...(environment !== undefined && { env: environment }),
      });
      mainFile = main === undefined ? project.build?.main : resolve(root, main);
      const { name, bindings, workflows, queues } = project;
      const stepwell: GivenProject = { name, bindings, workflows, queues, hasMain: mainFile !== undefined };
      const setup = besideThis("./setup");
      return {
        resolve: { alias: Object.entries(MODULES).map(([find, path]) => ({ find, replacement: besideThis(path) })) },
        // The setup is transformed, so that it can import the main module as Vite does.
        test: { setupFiles: [setup], provide: { stepwell: JSON.stringify(stepwell) }, server: { deps: { inline: [setup] } } },
      };
    },
    resolveId: (id) => (id === MAIN_MODULE ? mainFile : undefined),
  };
}

/** Sources run as `.ts`, the published package as `.js`. */
function besideThis(path: string): string {
  return fileURLToPath(new URL(`${path}${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url));
}
