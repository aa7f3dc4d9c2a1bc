import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    alias: { "cloudflare:workers": "stepwell", "cloudflare:workflows": "stepwell", "cloudflare:test": "stepwell/testing" },
  },
});
