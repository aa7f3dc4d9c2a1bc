/** `npm run fuzz`: inputs made at random for everything that takes some. Closes with the number of targets that passed and failed. */
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { watchEscapes } from "./escapes.ts";
import { runTarget, type Result } from "./run.ts";
import type { Target } from "./target.ts";
import { TARGETS } from "./targets.ts";

const HELP = `npm run fuzz -- [options]: inputs made at random; what breaks a promise is made small and printed.

  --minutes N    about how long it takes in all (1)
  --runs N       inputs of each target, however long they take
  --share ci     a fixed number of inputs of each target, about a minute in all
  --seed N       repeats the inputs of an earlier run, which has printed N
  --only NAME,…  these targets alone: ${TARGETS.map(({ name }) => name).join(", ")}
  --path PATH    with --seed and --only: the one input that a failure names
  --json FILE    writes every figure and failure to a file
  --help         prints this
`;

const OPTIONS = {
  help: { type: "boolean", default: false },
  minutes: { type: "string", default: "1" },
  runs: { type: "string" },
  share: { type: "string" },
  seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
  only: { type: "string" },
  path: { type: "string" },
  json: { type: "string" },
} as const;

process.exitCode = await main();
// What a target that failed has left waiting does not keep the process.
setTimeout(() => process.exit(), 5_000).unref();

async function main(): Promise<number> {
  const options = read();
  if (typeof options === "string") {
    process.stderr.write(`${options}\nnpm run fuzz -- --help lists the options.\n`);
    return 2;
  }
  if (options.isHelp) {
    process.stdout.write(HELP);
    return 0;
  }
  const { targets, minutes, seed, path, json } = options;
  process.stdout.write(`Seed ${seed}\n`);
  watchEscapes();
  const began = performance.now();
  let weight = targets.reduce((sum, target) => sum + target.weight, 0);
  const results: Result[] = [];
  for (const target of targets) {
    const leftMs = minutes * 60_000 - (performance.now() - began);
    const forMs = (leftMs * target.weight) / weight;
    weight -= target.weight;
    const result = await runTarget(target, { seed, runs: options.runsOf(target), forMs, path });
    results.push(result);
    print(result);
  }
  const inputs = results.reduce((sum, each) => sum + each.inputs, 0);
  const seconds = Math.round((performance.now() - began) / 1_000);
  const failed = results.filter(({ failures }) => failures.length > 0).length;
  const passed = results.length - failed;
  if (json !== undefined) {
    const machine = { cores: cpus().length, model: cpus()[0]?.model, node: process.version };
    writeFileSync(json, `${JSON.stringify({ seed, seconds, machine, inputs, passed, failed, results }, undefined, 2)}\n`);
  }
  process.stdout.write(`\n${inputs.toLocaleString("en")} inputs in ${seconds} s\n${passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

function print({ name, inputs, seconds, figures, failures }: Result): void {
  process.stdout.write(`\n${name}, ${Math.round(seconds)} s\n  inputs: ${inputs.toLocaleString("en")}\n`);
  for (const [figure, value] of Object.entries(figures)) process.stdout.write(`  ${figure}: ${value.toLocaleString("en")}\n`);
  for (const failure of failures) process.stdout.write(`  FAILED ${failure.replaceAll("\n", "\n    ")}\n`);
}

interface Options {
  readonly isHelp: boolean;
  readonly targets: readonly Target[];
  readonly minutes: number;
  readonly runsOf: (target: Target) => number;
  readonly seed: number;
  readonly path: string | undefined;
  readonly json: string | undefined;
}

/** What is wrong with the command line, as text. */
function read(): Options | string {
  try {
    const { values } = parseArgs({ options: OPTIONS });
    const names = values.only?.split(",");
    const unknown = names?.find((name) => !TARGETS.some((target) => target.name === name));
    if (unknown !== undefined) return `There is no target "${unknown}"`;
    if (values.share !== undefined && values.share !== "ci") return `--share is ci, not "${values.share}"`;
    const [minutes, seed, runs] = [values.minutes, values.seed, values.runs ?? Infinity].map(Number) as [number, number, number];
    if (!(minutes > 0)) return `--minutes takes a number above 0, not "${values.minutes}"`;
    if (!(runs > 0)) return `--runs takes a number above 0, not "${values.runs}"`;
    if ((seed | 0) !== seed) return `--seed takes a whole number of 32 bits, not "${values.seed}"`;
    if (values.path !== undefined && (names?.length !== 1 || !process.argv.some((word) => word.startsWith("--seed"))))
      return "--path needs --seed, and the name of one target in --only";
    const isCounted = values.share === "ci" || values.runs !== undefined;
    return {
      isHelp: values.help,
      targets: TARGETS.filter(({ name }) => names?.includes(name) ?? true),
      minutes: isCounted ? Infinity : minutes,
      runsOf: ({ ciRuns }) => (values.share === "ci" ? ciRuns : runs),
      seed,
      path: values.path,
      json: values.json,
    };
  } catch (cause) {
    return (cause as Error).message;
  }
}
