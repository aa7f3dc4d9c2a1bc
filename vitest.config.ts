import { fileURLToPath } from "node:url";
import { defineConfig, type ViteUserConfig } from "vitest/config";

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Rooms whose tests leave nothing behind in their process, so that the next file may use it: that saves 62 s of CPU. */
const TIDY =
  "src/{access,api,assembly,bindings,engine,images,model,protocol,queues,runtime,server,stores,upkeep,vault,workers}/**/*.test.ts";
const OTHERS = ["test/long/**", "test/clients/**", "test/projects/**", "**/node_modules/**"];

const config: ViteUserConfig = defineConfig({
  // What the examples import, as a project that has installed the package finds it.
  resolve: {
    alias: {
      "cloudflare:workers": source("src/index.ts"),
      "stepwell/testing": source("src/testing/index.ts"),
      stepwell: source("src/index.ts"),
    },
  },
  test: {
    environment: "node",
    // Most of the time goes by in processes that tests start and wait for.
    maxWorkers: "100%",
    // Threads that come and go with WebAssembly in them (Node strips types with it) make V8 free the code for its imports twice, which
    // ends the whole process: "Check failed: jit_page.has_value()". The node executor sets the same flag; here it holds from the start.
    execArgv: ["--wasm-wrapper-tiering-budget=2147483647"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      { extends: true, test: { name: "tidy", isolate: false, include: [TIDY] } },
      {
        extends: true,
        test: {
          name: "apart",
          include: ["src/**/*.test.ts", "test/**/*.test.ts", "examples/**/*.test.ts"],
          exclude: [TIDY, ...OTHERS],
        },
      },
    ],
  },
});

export default config;
