/** `npm run reliability`: writes docs/reliability.md from the records; with names of suites, runs these for the record before. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { PAGE, pageOf, readRecords, RECORDS } from "./page.ts";
import { SUITES, type Figures, type RunRecord } from "./suites.ts";

const HELP = `npm run reliability -- [SUITE …] [-- ARGUMENT …]: writes docs/reliability.md.

Each SUITE (${Object.keys(SUITES).join(", ")}) is run first, and its figures are kept. ARGUMENTs go to the suite.`;

const given = process.argv.slice(2);
const end = given.includes("--") ? given.indexOf("--") : given.length;
const [names, more] = [given.slice(0, end), given.slice(end + 1)];
const isSuite = (name: string): name is keyof typeof SUITES => Object.hasOwn(SUITES, name);

if (names.every(isSuite)) {
  for (const name of names) record(name);
  writeFileSync(PAGE, pageOf(readRecords()));
} else {
  console.log(HELP);
  process.exitCode = names.includes("--help") ? 0 : 2;
}

/** A run that fails is kept as well: the page shows it. */
function record(name: keyof typeof SUITES): void {
  const folder = mkdtempSync(join(tmpdir(), "stepwell-reliability-"));
  try {
    const { args, figuresOf } = SUITES[name];
    const words = ["run", ...args, ...more];
    const file = join(folder, "summary.json");
    spawnSync("npm", [...words, "--json", file], { stdio: "inherit", shell: process.platform === "win32" });
    const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
    const run: RunRecord = {
      command: `npm ${words.join(" ")}`.replace(/ --$/, ""),
      commit,
      day: new Date().toISOString().slice(0, 10),
      machine: `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`,
      figures: (figuresOf as (summary: unknown) => Figures)(JSON.parse(readFileSync(file, "utf8"))),
    };
    mkdirSync(RECORDS, { recursive: true });
    writeFileSync(new URL(`${name}.json`, RECORDS), `${JSON.stringify(run, undefined, 2)}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
