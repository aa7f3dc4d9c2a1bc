/** The command line of `npm run bench`: what is measured, and how. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Benchmark } from "./row.ts";

export interface BenchOptions {
  /** Those with at least one wanted row. */
  readonly benchmarks: readonly Benchmark[];
  readonly isWanted: (id: string) => boolean;
  readonly quick: boolean;
  /** The file that the figures are written to. */
  readonly json: string | undefined;
  /** Another checkout to compare with. */
  readonly against: string | undefined;
  /** How often each side is measured when two are compared. */
  readonly pairs: number;
}

/** The command line cannot be followed; the message says why and what would be right. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const OPTIONS = {
  help: { type: "boolean", default: false },
  only: { type: "string" },
  executor: { type: "string" },
  quick: { type: "boolean", default: false },
  json: { type: "string" },
  against: { type: "string" },
  pairs: { type: "string", default: "5" },
} as const;

/** Reads the command line. Throws a `UsageError`. */
export function readOptions(args: readonly string[], all: readonly Benchmark[]): BenchOptions | "help" {
  const values = parse(args);
  if (values.help) return "help";
  const patterns = values.only?.split(",");
  const matches = (id: string, pattern: string): boolean =>
    pattern.endsWith("*") ? id.startsWith(pattern.slice(0, -1)) : id === pattern;
  for (const pattern of patterns ?? []) {
    if (!idsOf(all).some((id) => matches(id, pattern)))
      throw new UsageError(`There is no row "${pattern}". The rows are:\n${listOf(all)}`);
  }
  const { executor } = values;
  const executors = [...new Set(all.map((each) => each.executor))];
  if (executor !== undefined && !executors.includes(executor))
    throw new UsageError(`--executor is one of ${executors.join(", ")}, not "${executor}"`);
  const isWanted = (id: string): boolean => patterns?.some((pattern) => matches(id, pattern)) ?? true;
  return {
    benchmarks: all.filter((each) => each.ids.some(isWanted) && (executor === undefined || each.executor === executor)),
    isWanted,
    quick: values.quick,
    json: values.json,
    against: values.against === undefined ? undefined : checkout(values.against),
    pairs: count(values.pairs),
  };
}

/** What `--help` prints. */
export function usage(all: readonly Benchmark[]): string {
  return `npm run bench -- [options]: measures stepwell and its peers. Each row is the median of three.

  --only ROW,…      these rows alone; ROW* is every row that begins so
  --executor E      only rows of this executor (node, workerd, in-process)
  --quick           less work and one measurement; shows that a row works, not for quoting
  --json FILE       writes the figures to a file
  --against DIR     measures this checkout and the one in DIR in turns and prints the ratio of each
                    row; DIR needs its own node_modules. Peers are left out
  --pairs N         how often each side is measured with --against (5)
  --help            prints this

Rows:
${listOf(all)}
`;
}

function parse(args: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"] {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (cause) {
    throw new UsageError(`${(cause as Error).message}\nnpm run bench -- --help lists the options.`, { cause });
  }
}

function checkout(path: string): string {
  const folder = resolve(path);
  if (existsSync(join(folder, "bench/rows"))) return folder;
  throw new UsageError(`--against takes the folder of a checkout, and there is no ${join(folder, "bench/rows")}`);
}

function count(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 100) return value;
  throw new UsageError(`--pairs takes a whole number from 1 to 100, not "${text}"`);
}

function idsOf(all: readonly Benchmark[]): string[] {
  return [...new Set(all.flatMap(({ ids }) => ids))];
}

function listOf(all: readonly Benchmark[]): string {
  return idsOf(all)
    .map((id) => `  ${id}`)
    .join("\n");
}
