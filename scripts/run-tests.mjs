// Runs Vitest with the given arguments and closes with one plain line that people and scripts can read: `N passed, N failed`.
// No test at all is a failure too: a suite that finds nothing must not look green.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

const folder = mkdtempSync(join(tmpdir(), "stepwell-tests-"));
const report = join(folder, "report.json");
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
// Servers and clients are started dozens of times, each compiling the same modules: what one has compiled, the next may use.
const env = { NODE_COMPILE_CACHE: join(tmpdir(), "stepwell-compiled"), ...process.env };
const { status } = spawnSync("vitest", ["run", ...reporters, ...process.argv.slice(2)], {
  stdio: "inherit",
  env,
  shell: process.platform === "win32",
});
const counts = count();
rmSync(folder, { recursive: true, force: true });

const ok = status === 0 && counts.failed === 0 && counts.passed > 0;
// Vitest also fails for what belongs to no test: an unhandled rejection, a broken set-up. That must show in the line.
if (!ok && counts.failed === 0) counts.failed = 1;
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
