// Runs Vitest with the given arguments and closes with one plain line that people and scripts can read: `N passed, N failed`.
// No test at all is a failure too: a suite that finds nothing must not look green. `--json FILE` has the counts written there as well.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

const given = process.argv.slice(2);
const at = given.indexOf("--json");
const [, json] = at < 0 ? [] : given.splice(at, 2);

const folder = mkdtempSync(join(tmpdir(), "stepwell-tests-"));
const report = join(folder, "report.json");
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
// Servers and clients are started dozens of times, each compiling the same modules: what one has compiled, the next may use.
const env = { NODE_COMPILE_CACHE: join(tmpdir(), "stepwell-compiled"), ...process.env };
const { status } = spawnSync("vitest", ["run", ...reporters, ...given], {
  stdio: "inherit",
  env,
  shell: process.platform === "win32",
});
const counts = count();
rmSync(folder, { recursive: true, force: true });

const ok = status === 0 && counts.failed === 0 && counts.passed > 0;
// Vitest also fails for what belongs to no test: an unhandled rejection, a broken set-up. That must show in the line.
if (!ok && counts.failed === 0) counts.failed = 1;
if (json !== undefined) writeFileSync(json, `${JSON.stringify(counts)}\n`);
console.log(`${counts.passed} passed, ${counts.failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ""}`);
process.exitCode = ok ? 0 : 1;

function count() {
  let files;
  try {
    files = JSON.parse(readFileSync(report, "utf8")).testResults;
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
  const statuses = files.flatMap((file) => file.assertionResults.map((test) => test.status));
  const number = (wanted) => statuses.filter((found) => wanted.includes(found)).length;
  // A file that cannot be loaded reports no tests of its own; it counts as one failure.
  const broken = files.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  ).length;
  return {
    passed: number(["passed"]),
    failed: number(["failed"]) + broken,
    skipped: number(["skipped", "pending", "todo", "disabled"]),
  };
}
