/** Two checkouts measured in turns, so that a change of the machine's mood meets both, and the ratio of each row. */
import { fork } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BenchOptions } from "./options.ts";
import { median, type Benchmark } from "./row.ts";

const HERE = fileURLToPath(new URL("..", import.meta.url));
const SIDE = fileURLToPath(new URL("./side.ts", import.meta.url));

/** How long one measurement may take, in milliseconds. A side that hangs is ended and has no figure. */
const MEASUREMENT_MS = 15 * 60_000;

/** A row of both checkouts. */
interface Compared {
  readonly id: string;
  readonly executor: string;
  readonly unit: string;
  /** Medians over `pairs`; NaN where there are none. */
  readonly here: number;
  readonly there: number;
  /** The median of the ratios of the pairs, here to there. */
  readonly ratio: number;
  readonly pairs: readonly { readonly here: number; readonly there: number }[];
}

type Figures = Readonly<Record<string, number>>;

/** Measures the wanted rows of both checkouts, prints each row as it is done, and answers all of them. */
export async function compare(
  { benchmarks, isWanted, pairs, quick }: Pick<BenchOptions, "benchmarks" | "isWanted" | "pairs" | "quick">,
  there: string,
  here: string = HERE,
): Promise<Compared[]> {
  say(`${"row".padEnd(40)} ${"there".padStart(10)} ${"here".padStart(10)} here/there`);
  const rows: Compared[] = [];
  for (const benchmark of benchmarks.filter(({ system }) => system === "stepwell")) {
    const turns: (readonly [Figures, Figures])[] = [];
    for (let i = 0; i < pairs; i += 1) {
      // Who begins changes, since the second finds the machine warmer.
      const order = i % 2 === 0 ? [there, here] : [here, there];
      const figures = new Map<string, Figures | undefined>();
      for (const root of order) figures.set(root, await side(root, benchmark, quick));
      const [old, own] = [figures.get(there), figures.get(here)];
      if (old !== undefined && own !== undefined) turns.push([old, own]);
    }
    for (const id of benchmark.ids.filter(isWanted)) rows.push(show(summary(benchmark, id, turns)));
  }
  return rows;
}

function summary({ executor, units }: Benchmark, id: string, turns: readonly (readonly [Figures, Figures])[]): Compared {
  const pairs = turns.flatMap(([{ [id]: there }, { [id]: here }]) =>
    there === undefined || here === undefined ? [] : [{ here, there }],
  );
  return {
    id,
    executor,
    unit: units[id] ?? "",
    here: median(pairs.map((pair) => pair.here)),
    there: median(pairs.map((pair) => pair.there)),
    ratio: median(pairs.map((pair) => pair.here / pair.there)),
    pairs,
  };
}

function show(row: Compared): Compared {
  const name = `${row.id} (${row.executor})`.padEnd(40);
  const figure = (value: number): string => (value >= 100 ? String(Math.round(value)) : value.toFixed(3)).padStart(10);
  if (row.pairs.length === 0) say(`${name} not measured on both sides`);
  else say(`${name} ${figure(row.there)} ${figure(row.here)} ${row.ratio.toFixed(3).padStart(10)} ${row.unit}`);
  return row;
}

/** Undefined when the row is not there, or could not be measured; the reason is printed. */
function side(root: string, { ids, executor }: Benchmark, quick: boolean): Promise<Figures | undefined> {
  const own = join(root, "node_modules/node/bin/node");
  const child = fork(SIDE, [root, ids[0] ?? "", executor, quick ? "quick" : "full"], {
    cwd: root,
    execArgv: ["--expose-gc"],
    execPath: existsSync(own) ? own : process.execPath,
    timeout: MEASUREMENT_MS,
    killSignal: "SIGKILL",
  });
  return new Promise((resolve) => {
    let figures: Figures | null | undefined;
    child.once("message", (message) => (figures = message as Figures | null));
    child.once("exit", (code, signal) => {
      if (figures === null) say(`  ${root} has no row ${ids.join(", ")} (${executor})`);
      if (figures === undefined) say(`  ${root} could not measure ${ids.join(", ")} (${executor}): ended with ${code ?? signal}`);
      resolve(figures ?? undefined);
    });
  });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
