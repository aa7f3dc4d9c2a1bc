/** `npm run mutants`: plants each fault in a copy of the sources, and lets the simulator find it. */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import type { Mutant } from "./mutant.ts";
import { MUTANTS } from "./mutants.ts";

const HELP = `Usage: npm run mutants -- [options]
  --only TEXT    those whose name contains it
  --share K/N    the K-th of N shares; with "today" for K another one each day
  --seeds M      seeds that a fault may stay unfound (default: 2000)
  --workers K    how many at once (default: as many as there are cores)
  --json FILE    write what was found there`;

/** How long a fault may take to be found, in milliseconds. One that makes the simulation hang is not found. */
const LIMIT_MS = 300_000;

/** What became of a planted fault. */
interface Found {
  readonly name: string;
  readonly invariant: number;
  /** How many seeds it took, 0 when a case found it; undefined when it was not found. */
  readonly seeds: number | undefined;
  readonly seconds: number;
  /** What the simulator said. */
  readonly violation: string | undefined;
}

const root = fileURLToPath(new URL("../../", import.meta.url));
const run = promisify(execFile);

/** Copies what a simulation needs, with the fault in it. */
async function plant({ file, find, replace }: Mutant): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "stepwell-mutant-"));
  for (const part of ["src", "test/simulation", "test/support/random.ts", "package.json"])
    await cp(join(root, part), join(folder, part), { recursive: true });
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  const path = join(folder, "src", file);
  const source = await readFile(path, "utf8");
  const parts = source.split(find);
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} places where the fault would go: ${find}`);
  await writeFile(path, parts.join(replace));
  return folder;
}

async function search(mutant: Mutant, seeds: number): Promise<Found> {
  const folder = await plant(mutant);
  const began = performance.now();
  try {
    const report = join(folder, "report.json");
    const args = ["--cases", "--runs", String(seeds), "--workers", "1", "--failures", "1", "--no-shrink", "--json", report];
    await run(process.execPath, [join(folder, "test/simulation/main.ts"), ...args], {
      timeout: LIMIT_MS,
      killSignal: "SIGKILL",
    }).catch(() => {});
    const text = await readFile(report, "utf8").catch(() => undefined);
    const summary = text === undefined ? undefined : (JSON.parse(text) as { seeds: number; failed: { violations: string[] }[] });
    const violation = summary?.failed[0]?.violations[0];
    const { name, invariant } = mutant;
    const seconds = (performance.now() - began) / 1_000;
    return { name, invariant, seeds: violation === undefined ? undefined : summary?.seeds, seconds, violation };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The K-th of N, of a list. */
function shareOf<T>(list: readonly T[], share: string | undefined): readonly T[] {
  const [, which, n] = /^(\d+|today)\/(\d+)$/.exec(share ?? "1/1") ?? [];
  const k = which === "today" ? 1 + (Math.floor(Date.now() / 86_400_000) % Number(n)) : which;
  if (k === undefined || n === undefined || Number(k) < 1 || Number(k) > Number(n))
    throw new Error(`"${share}" is no share. See --help.`);
  return list.filter((_, i) => i % Number(n) === Number(k) - 1);
}

async function main(): Promise<void> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    options: { only: text, share: text, seeds: text, workers: text, json: text, help: { type: "boolean" } },
  });
  if (values.help === true) return console.log(HELP);
  const left = shareOf(MUTANTS, values.share).filter(({ name }) => name.includes(values.only ?? ""));
  const waiting = [...left];
  const found: Found[] = [];
  const work = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const each = await search(mutant, Number(values.seeds ?? 2_000));
      found.push(each);
      const how = each.seeds === undefined ? "NOT FOUND" : each.seeds === 0 ? "a case" : `${each.seeds} seeds`;
      console.log(
        `${how}, ${each.seconds.toFixed(1)} s: ${each.name}${each.violation === undefined ? "" : `\n    ${each.violation}`}`,
      );
    }
  };
  await Promise.all(Array.from({ length: Number(values.workers ?? availableParallelism()) }, work));
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(found, null, 2)}\n`);
  const missed = found.filter(({ seeds }) => seeds === undefined);
  console.log(`${found.length - missed.length} passed, ${missed.length} failed`);
  process.exitCode = missed.length === 0 && found.length > 0 ? 0 : 1;
}

await main();
