import { fileURLToPath } from "node:url";
import { defineConfig, type ViteUserConfig } from "vitest/config";

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

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
    include: ["src/**/*.test.ts", "test/**/*.test.ts", "examples/**/*.test.ts"],
    exclude: ["test/long/**", "test/clients/**", "test/projects/**", "**/node_modules/**"],
    // Most of the time goes by in processes that tests start and wait for.
    maxWorkers: "100%",
    // V8 keeps a register of code pages that threads which come and go with WebAssembly in them (Node strips types with it) can
    // put out of order; then the whole process ends with "Check failed: jit_page.has_value()". Without keys there is no register.
    execArgv: ["--no-memory-protection-keys"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});

export default config;
