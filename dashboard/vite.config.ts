/** How the dashboard becomes static files, and how it is served while it is being written. */
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** Where a server runs, for `vite dev`. */
const SERVER = process.env["STEPWELL"] ?? "http://127.0.0.1:8787";

export default defineConfig({
  plugins: [react(), tailwindcss()],
  build: { target: "es2024", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { "/client/v4": SERVER, "/api/v1": SERVER } },
});
