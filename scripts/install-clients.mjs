// Installs packages that only tests and benchmarks need: test/clients (wrangler, the SDK, miniflare), or the folders of test/
// that are named. Does nothing when a lockfile is the one that was installed last time. They live apart so that users of
// stepwell never install them.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const named = process.argv.slice(2);

for (const name of named.length === 0 ? ["clients"] : named) {
  const folder = fileURLToPath(new URL(`../test/${name}`, import.meta.url));
  const stamp = join(folder, "node_modules", ".installed-lock");
  const lock = createHash("sha256")
    .update(readFileSync(join(folder, "package-lock.json")))
    .digest("hex");
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) install(name, folder, () => writeFileSync(stamp, lock));
}

function install(name, folder, installed) {
  console.log(`Installing what the tests need in test/${name}, about 300 MB; only when it changes.`);
  const npm = process.env.npm_execpath;
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const [command, ...rest] = npm?.endsWith(".js") ? [process.execPath, npm, ...args] : ["npm", ...args];
  const done = spawnSync(command, rest, {
    cwd: folder,
    encoding: "utf8",
    shell: command === "npm" && process.platform === "win32",
  });
  if (done.status === 0) return installed();
  console.error(`${done.stdout ?? ""}${done.stderr ?? done.error?.message ?? ""}`.trim());
  console.error(`Could not install test/${name}: is the npm registry reachable? \`npm ci\` in that folder shows more.`);
  process.exit(1);
}
