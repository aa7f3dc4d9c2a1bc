// Every check that needs no running engine. All of them run, also after one has failed, so that one look shows all there is to mend.
// `--format` rewrites the files instead of checking anything.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

const present = (paths) => paths.filter((path) => existsSync(path));
const code = present(["src", "test", "bench", "scripts", "dashboard/src", "vitest.config.ts", "vitest.long.config.ts"]);
const formatted = [...code, ...present(["examples"])];
const examples = existsSync("examples") ? readdirSync("examples").map((name) => `examples/${name}/tsconfig.json`) : [];

const checks = [
  ["tsc", "-p", "tsconfig.json"],
  ["tsc", "-p", "test/types/tsconfig.json"],
  ["node", "dashboard/generate-types.mjs"],
  ["tsc", "-p", "dashboard/tsconfig.json"],
  ...present(examples).map((config) => ["tsc", "-p", config]),
  ["oxlint", ...code],
  ["oxfmt", "--check", ...formatted],
  ["knip"],
  ["vitest", "run", "test/architecture.test.ts"],
];

const failed = [];
for (const [tool, ...args] of process.argv.includes("--format") ? [["oxfmt", ...formatted]] : checks) {
  const title = [tool, ...args].join(" ");
  console.log(`\n$ ${title}`);
  if (spawnSync(tool, args, { stdio: "inherit", shell: process.platform === "win32" }).status !== 0) failed.push(title);
}
if (failed.length > 0) {
  console.error(`\nFailed:\n${failed.map((title) => `  ${title}`).join("\n")}`);
  process.exitCode = 1;
}
