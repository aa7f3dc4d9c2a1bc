// Installs test/clients (wrangler, the SDK, miniflare), which only tests and benchmarks need. Does nothing when its lockfile
// is the one that was installed last time. They live apart so that users of stepwell never install them.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../test/clients", import.meta.url));
const stamp = join(folder, "node_modules", ".installed-lock");
const lock = createHash("sha256")
  .update(readFileSync(join(folder, "package-lock.json")))
  .digest("hex");

if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) install();

function install() {
  console.log("Installing the client programs that the tests drive (test/clients), about 300 MB; only when they change.");
  const npm = process.env.npm_execpath;
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const [command, ...rest] = npm?.endsWith(".js") ? [process.execPath, npm, ...args] : ["npm", ...args];
  const done = spawnSync(command, rest, {
    cwd: folder,
    encoding: "utf8",
    shell: command === "npm" && process.platform === "win32",
  });
  if (done.status === 0) {
    writeFileSync(stamp, lock);
    return;
  }
  console.error(`${done.stdout ?? ""}${done.stderr ?? done.error?.message ?? ""}`.trim());
  console.error(
    "Could not install test/clients (wrangler and others): is the npm registry reachable? `npm ci` in that folder shows more.",
  );
  process.exit(1);
}
