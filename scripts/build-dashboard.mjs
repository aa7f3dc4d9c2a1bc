// What browsers are shown, as static files in dashboard/dist. Its types come from the server's own description of its API.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

for (const [tool, ...args] of [
  ["node", "dashboard/generate-types.mjs"],
  ["vite", "build", "dashboard", "--logLevel", "warn"],
]) {
  const { status } = spawnSync(tool, args, { stdio: "inherit", shell: process.platform === "win32" });
  if (status !== 0) process.exit(status ?? 1);
}
