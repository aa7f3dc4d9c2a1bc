/** `npm run simulate`: simulates many seeds on all cores; a failing one is made smaller and written down as a script. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { shrink, simulateCase, type Case } from "./seeds.ts";
import type { Share, Simulated } from "./worker.ts";

const HELP = `Usage: npm run simulate -- [options]
  --seed N       the first seed (default: 1)
  --runs M       how many seeds (default: 1000)
  --minutes T    begin no seed after so many minutes
  --workers K    threads (default: as many as there are cores)
  --failures F   stop after so many failing seeds (default: 5)
  --out DIR      where scripts of failing seeds go (default: simulation-failures)
  --json FILE    write the summary there
  --cases        run the cases first
  --script FILE  run a script instead, and say what it violates
  --no-shrink    leave failing seeds as they are`;

/** Seeds between two lines of progress. */
const PROGRESS = 1_000;

interface Options {
  readonly seed: number;
  readonly runs: number;
  readonly minutes: number;
  readonly workers: number;
  readonly failures: number;
}

/** What all seeds come to. */
interface Summary {
  readonly firstSeed: number;
  seeds: number;
  /** Answers, results and calls of user code that were held against the disk. */
  checked: number;
  instances: number;
  steps: number;
  readonly failed: { readonly seed: number; readonly violations: readonly string[] }[];
}

function readOptions(): { options: Options; values: ReturnType<typeof parse>["values"] } {
  const { values } = parse();
  const number = (text: string | undefined, standard: number): number => {
    const value = text === undefined ? standard : Number(text);
    if (!(value >= 0)) throw new Error(`"${text}" is not a number. See --help.`);
    return value;
  };
  return {
    values,
    options: {
      seed: number(values.seed, 1),
      runs: number(values.runs, 1_000),
      minutes: number(values.minutes, Infinity),
      workers: number(values.workers, availableParallelism()),
      failures: number(values.failures, 5),
    },
  };
}

function parse() {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  return parseArgs({
    options: {
      seed: text,
      runs: text,
      minutes: text,
      workers: text,
      failures: text,
      out: text,
      json: text,
      script: text,
      cases: flag,
      "no-shrink": flag,
      help: flag,
    },
  });
}

/** Cases that violate something. They have no seeds. */
async function failingCases(): Promise<Summary["failed"]> {
  const folder = new URL("./cases/", import.meta.url);
  const failed: Summary["failed"] = [];
  for (const name of await readdir(folder)) {
    const violations = await simulateCase(JSON.parse(await readFile(new URL(name, folder), "utf8")) as Case);
    if (violations.length > 0) failed.push({ seed: Number.NaN, violations: [`${name}: ${violations[0]}`] });
  }
  return failed;
}

function summaryOf({ seed }: Pick<Options, "seed">, failed: Summary["failed"]): Summary {
  return { firstSeed: seed, seeds: 0, checked: 0, instances: 0, steps: 0, failed };
}

async function simulateAll({ seed, runs, minutes, workers, failures }: Options): Promise<Summary> {
  const summary = summaryOf({ seed }, []);
  const threads: Worker[] = [];
  const until = Date.now() + minutes * 60_000;
  const ends = Array.from({ length: workers }, async (_, i) => {
    const share: Share = { from: seed + i, to: seed + runs, step: workers, until };
    const thread = new Worker(new URL("./worker.ts", import.meta.url), { workerData: share });
    threads.push(thread);
    await new Promise<void>((resolve, reject) => {
      thread.on("message", (simulated: Simulated) => {
        note(summary, simulated);
        if (summary.failed.length >= failures) for (const each of threads) void each.terminate();
      });
      thread.on("error", reject);
      thread.on("exit", () => resolve());
    });
  });
  await Promise.all(ends);
  return summary;
}

function note(summary: Summary, { seed, violations, checked, instances, steps }: Simulated): void {
  summary.seeds += 1;
  summary.checked += checked;
  summary.instances += instances;
  summary.steps += steps;
  if (summary.seeds % PROGRESS === 0) console.log(`${summary.seeds} seeds, ${summary.failed.length} failed`);
  if (violations.length === 0) return;
  summary.failed.push({ seed, violations });
  console.log(`Seed ${seed} fails: ${violations.join("; ")}`);
}

async function writeScript(seed: number, folder: string): Promise<void> {
  const failing = await shrink(seed);
  if (failing === undefined) return console.log(`Seed ${seed} does not fail again`);
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${seed}.json`);
  await writeFile(file, `${JSON.stringify(failing, null, 2)}\n`);
  console.log(`Seed ${seed}, made smaller: ${failing.violations.join("; ")}\n  npm run simulate -- --script ${file}`);
}

async function main(): Promise<void> {
  const { options, values } = readOptions();
  if (values.help === true) return console.log(HELP);
  if (values.script !== undefined) {
    const violations = await simulateCase(JSON.parse(await readFile(values.script, "utf8")) as Case);
    console.log(violations.length === 0 ? "Nothing is violated" : violations.join("\n"));
    process.exitCode = violations.length === 0 ? 0 : 1;
    return;
  }
  const began = performance.now();
  const cases = values.cases === true ? await failingCases() : [];
  const summary = cases.length > 0 ? summaryOf(options, cases) : await simulateAll(options);
  const seconds = (performance.now() - began) / 1_000;
  const seedsPerHour = Math.round((summary.seeds / seconds) * 3_600);
  console.log(
    `${summary.seeds} seeds in ${seconds.toFixed(1)} s (${seedsPerHour} an hour), ${summary.checked} operations checked`,
  );
  if (values.json !== undefined)
    await writeFile(values.json, `${JSON.stringify({ ...summary, seconds, seedsPerHour }, null, 2)}\n`);
  if (values["no-shrink"] !== true)
    for (const { seed } of summary.failed) await writeScript(seed, values.out ?? "simulation-failures");
  console.log(`${Math.max(0, summary.seeds - summary.failed.length)} passed, ${summary.failed.length} failed`);
  process.exitCode = summary.failed.length === 0 ? 0 : 1;
}

await main();
