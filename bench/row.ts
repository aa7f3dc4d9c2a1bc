/** What a benchmark row is, and how its figures are summed up. */

/** One figure: measured several times, in one unit. */
export interface Row {
  readonly id: string;
  readonly system: string;
  readonly executor: string;
  readonly store: string;
  readonly unit: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: readonly number[];
}

/** How much work to do: `quick` is for seeing that a row runs, not for quoting it. */
export interface Effort {
  readonly runs: number;
  readonly quick: boolean;
}

/** Something to measure. One measurement may yield several rows. */
export interface Benchmark {
  /** The rows that it yields. */
  readonly ids: readonly string[];
  readonly system: string;
  readonly executor: string;
  readonly store: string;
  /** Measures once; a figure for each id. Units are fixed by `units`. */
  measure(effort: Effort): Promise<Record<string, number>>;
  readonly units: Readonly<Record<string, string>>;
  /** Times to measure, when that is not `Effort.runs`: some take minutes. */
  readonly runs?: number;
}

/** Measures a benchmark and sums its rows up. */
export async function run(benchmark: Benchmark, effort: Effort): Promise<Row[]> {
  const figures = new Map<string, number[]>();
  const times = Math.min(effort.runs, benchmark.runs ?? effort.runs);
  for (let i = 0; i < times; i += 1) {
    for (const [id, figure] of Object.entries(await benchmark.measure(effort))) {
      figures.set(id, [...(figures.get(id) ?? []), figure]);
    }
  }
  const { system, executor, store, units } = benchmark;
  return [...figures].map(([id, runs]) => ({ id, system, executor, store, unit: units[id] ?? "", ...spread(runs), runs }));
}

function spread(runs: readonly number[]): { median: number; min: number; max: number } {
  return { median: median(runs), min: Math.min(...runs), max: Math.max(...runs) };
}

/** The middle of figures; NaN of none. */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const middle = (sorted.length - 1) / 2;
  return (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2;
}

/** The p-th percentile of figures. */
export function percentile(figures: readonly number[], p: number): number {
  const sorted = [...figures].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((p / 100) * sorted.length))] ?? Number.NaN;
}
