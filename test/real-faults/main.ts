/**
 * `npm run faults`: real faults below real stores and servers. Closes with the number of checks that passed, failed and were skipped.
 * `--help` lists the options.
 */
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { buildLibrary } from "./preload/library.ts";
import { damage } from "./damage.ts";
import { powerLoss } from "./power-loss.ts";
import { storagePower } from "./storage-power.ts";
import { storm } from "./storm/storm.ts";
import { Suite, type Part } from "./suite.ts";
import { walCuts } from "./wal-cuts.ts";

const PARTS: readonly Part[] = [
  { name: "power-loss", weight: 2, longestMs: 1_200_000, run: powerLoss },
  { name: "wal-cuts", weight: 1, longestMs: 600_000, run: walCuts },
  { name: "damage", weight: 1.5, longestMs: 600_000, run: damage },
  { name: "storage-power", weight: 1, longestMs: 600_000, run: storagePower },
  { name: "storm-workerd", weight: 2, longestMs: 1_800_000, run: storm("workerd") },
  // What is left of the time: most operations are done here.
  { name: "storm-node", weight: 2, longestMs: Infinity, run: storm("node") },
];

const CI_MINUTES = 1;

const HELP = `npm run faults -- [options]: disks, processes and clocks that fail, below real stores and servers.

  --minutes N    about how long it takes in all (${CI_MINUTES}); most of a longer run goes to the load on servers
  --share ci     the same as --minutes ${CI_MINUTES}
  --seed N       repeats the random choices of an earlier run, which has printed N
  --only NAME,…  these parts alone: ${PARTS.map(({ name }) => name).join(", ")}
  --json FILE    writes every check and figure to a file
  --help         prints this
`;

const OPTIONS = {
  help: { type: "boolean", default: false },
  minutes: { type: "string", default: String(CI_MINUTES) },
  share: { type: "string" },
  seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 32)) },
  only: { type: "string" },
  json: { type: "string" },
} as const;

process.exitCode = await main();
// What a part that failed has left waiting does not keep the process.
setTimeout(() => process.exit(), 5_000).unref();

async function main(): Promise<number> {
  const options = read();
  if (typeof options === "string") {
    process.stderr.write(`${options}\nnpm run faults -- --help lists the options.\n`);
    return 2;
  }
  if (options.isHelp) {
    process.stdout.write(HELP);
    return 0;
  }
  const { parts, minutes, seed, json } = options;
  const library = buildLibrary();
  if (library === undefined) {
    process.stdout.write(
      "Skipped: the faults are made by a library that is compiled for Linux, and this machine has no C compiler or no Linux.\n",
    );
    process.stdout.write(`0 passed, 0 failed, ${parts.length} skipped\n`);
    return 0;
  }
  process.stdout.write(`Seed ${seed}, ${minutes} minutes\n`);
  const suite = new Suite(seed, library);
  const began = performance.now();
  let weight = parts.reduce((sum, part) => sum + part.weight, 0);
  for (const part of parts) {
    const leftMs = minutes * 60_000 - (performance.now() - began);
    suite.begin(part.name, Math.max(1_000, Math.min(part.longestMs, (leftMs * part.weight) / weight)));
    weight -= part.weight;
    const partBegan = performance.now();
    try {
      await part.run(suite);
    } catch (cause) {
      suite.check("the part runs to its end", false, cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
    }
    const seconds = (performance.now() - partBegan) / 1_000;
    const operations = suite.figures[`${part.name}: acknowledged operations`] ?? 0;
    suite.add("seconds", Math.round(seconds));
    if (operations > 0) suite.add("acknowledged operations a minute", Math.round((operations / seconds) * 60));
    process.stdout.write(`\n${part.name}, ${Math.round(seconds)} s\n`);
    for (const [name, value] of Object.entries(suite.figures))
      if (name.startsWith(`${part.name}: `))
        process.stdout.write(`  ${name.slice(part.name.length + 2)}: ${value.toLocaleString("en")}\n`);
  }
  const seconds = Math.round((performance.now() - began) / 1_000);
  const failed = suite.checks.filter(({ holds }) => !holds);
  const [lost, doubled] = ["lost", "doubled"].map((name) => suite.sum(name));
  const passed = suite.checks.length - failed.length;
  if (json !== undefined) {
    const machine = { cores: cpus().length, model: cpus()[0]?.model, node: process.version };
    const summary = {
      seed,
      minutes,
      seconds,
      machine,
      operations: suite.operations,
      lost,
      doubled,
      passed,
      failed: failed.length,
    };
    writeFileSync(json, `${JSON.stringify({ ...summary, figures: suite.figures, checks: suite.checks }, undefined, 2)}\n`);
  }
  process.stdout.write(
    `\n${suite.operations.toLocaleString("en")} acknowledged operations checked in ${seconds} s, ${lost} lost, ${doubled} doubled\n` +
      `${passed} passed, ${failed.length} failed, 0 skipped\n`,
  );
  return failed.length === 0 ? 0 : 1;
}

interface Options {
  readonly isHelp: boolean;
  readonly parts: readonly Part[];
  readonly minutes: number;
  readonly seed: number;
  readonly json: string | undefined;
}

/** What is wrong with the command line, as text. */
function read(): Options | string {
  try {
    const { values } = parseArgs({ options: OPTIONS });
    const names = values.only?.split(",");
    const unknown = names?.find((name) => !PARTS.some((part) => part.name === name));
    if (unknown !== undefined) return `There is no part "${unknown}"`;
    if (values.share !== undefined && values.share !== "ci") return `--share is ci, not "${values.share}"`;
    const minutes = values.share === "ci" ? CI_MINUTES : Number(values.minutes);
    const seed = Number(values.seed);
    if (!(minutes > 0)) return `--minutes takes a number above 0, not "${values.minutes}"`;
    if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32)
      return `--seed takes a whole number below 2^32, not "${values.seed}"`;
    return {
      isHelp: values.help,
      parts: PARTS.filter(({ name }) => names?.includes(name) ?? true),
      minutes,
      seed,
      json: values.json,
    };
  } catch (cause) {
    return (cause as Error).message;
  }
}
