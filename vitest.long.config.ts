import { defineConfig, type ViteUserConfig } from "vitest/config";

/** Tests that take minutes: `npm run test:long`. */
const config: ViteUserConfig = defineConfig({
  test: {
    environment: "node",
    include: ["test/long/**/*.test.ts"],
    testTimeout: 600_000,
    hookTimeout: 120_000,
  },
});

export default config;
