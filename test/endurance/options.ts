/** The command line of `npm run endurance`. */
import { parseArgs } from "node:util";
import type { Scenario } from "./trial.ts";

export interface Options {
  readonly scenarios: readonly Scenario[];
  readonly minutes: number;
  /** How much of everything there is, against the share that every change has to pass. */
  readonly scale: number;
  readonly seed: number;
  readonly json: string | undefined;
  readonly svg: string | undefined;
  /** Whether the figures go into `docs/endurance.md`. */
  readonly write: boolean;
}

/** The command line cannot be followed; the message says why. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** What the share of every change takes at the most, in minutes. */
const SHARE_MINUTES = 6;
const MOST_MINUTES = 60 * 24 * 7;

const OPTIONS = {
  help: { type: "boolean", default: false },
  minutes: { type: "string", default: String(SHARE_MINUTES) },
  only: { type: "string" },
  executor: { type: "string" },
  seed: { type: "string" },
  json: { type: "string" },
  svg: { type: "string" },
  write: { type: "boolean", default: false },
} as const;

/** Reads the command line. Throws a `UsageError`. */
export function readOptions(args: readonly string[], all: readonly Scenario[]): Options | "help" {
  const values = parse(args);
  if (values.help) return "help";
  const names = values.only?.split(",");
  const unknown = names?.find((name) => !all.some((each) => each.name === name));
  if (unknown !== undefined) throw new UsageError(`There is no scenario "${unknown}". The scenarios are:\n${listOf(all)}`);
  const { executor } = values;
  if (executor !== undefined && executor !== "node" && executor !== "workerd")
    throw new UsageError(`--executor is node or workerd, not "${executor}"`);
  const minutes = number("--minutes", values.minutes, MOST_MINUTES);
  return {
    scenarios: all.filter(
      (each) => (names?.includes(each.name) ?? true) && (executor === undefined || each.executor === executor),
    ),
    minutes,
    scale: minutes / SHARE_MINUTES,
    seed: values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : number("--seed", values.seed, 2 ** 32),
    json: values.json,
    svg: values.svg,
    write: values.write,
  };
}

/** What `--help` prints. */
export function usage(all: readonly Scenario[]): string {
  return `npm run endurance -- [options]: what only long use shows, on real servers with their own data.

  --minutes N       about how long it takes in all (${SHARE_MINUTES}); counts and durations grow with it
  --only NAME,…     these scenarios alone
  --executor E      workerd or node alone
  --seed N          repeats the random choices of an earlier run, which has printed N
  --json FILE       writes every check, figure and sample to a file
  --svg FILE        draws memory, file descriptors, timers and handles over time
  --write           writes the figures to docs/endurance.md and the chart beside it
  --help            prints this

Scenarios:
${listOf(all)}
`;
}

function parse(args: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"] {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (cause) {
    throw new UsageError(`${(cause as Error).message}\nnpm run endurance -- --help lists the options.`, { cause });
  }
}

function number(option: string, text: string, most: number): number {
  const value = Number(text);
  if (text !== "" && value > 0 && value <= most) return value;
  throw new UsageError(`${option} takes a number above 0 and up to ${most}, not "${text}"`);
}

function listOf(all: readonly Scenario[]): string {
  return [...new Set(all.map(({ name }) => name))].map((name) => `  ${name}`).join("\n");
}
