/** The suites whose figures are on docs/reliability.md: how each is run for the record, and what of its summary is kept. */

/** Figures of one run. `failed`: how many checks did not hold. */
export interface Figures {
  readonly failed: number;
  readonly [figure: string]: number;
}

/** One run, as it is kept in `records`. */
export interface RunRecord {
  readonly command: string;
  /** What was measured. */
  readonly commit: string;
  /** The day, as `YYYY-MM-DD`. */
  readonly day: string;
  readonly machine: string;
  readonly figures: Figures;
}

interface Suite {
  /** The script of package.json with its arguments; a summary is written to the file that follows `--json`. */
  readonly args: readonly string[];
  readonly figuresOf: (summary: never) => Figures;
}

const planted = (found: readonly { readonly seeds?: number; readonly seconds: number }[]): Figures => ({
  failed: found.filter(({ seeds }) => seeds === undefined).length,
  mutants: found.length,
  byCase: found.filter(({ seeds }) => seeds === 0).length,
  mostSeeds: Math.max(...found.map(({ seeds = 0 }) => seeds)),
  seconds: Math.round(found.reduce((sum, { seconds }) => sum + seconds, 0)),
});

interface Simulated {
  readonly seeds: number;
  readonly failed: readonly unknown[];
  readonly checked: number;
  readonly seedsPerHour: number;
}

interface Faulted {
  readonly failed: number;
  readonly operations: number;
  readonly lost: number;
  readonly doubled: number;
  /** By part and name. */
  readonly figures: Readonly<Record<string, number>>;
}

interface Counted {
  readonly passed: number;
  readonly failed: number;
}

interface Endured {
  readonly minutes: number;
  readonly results: readonly { readonly checks: readonly { readonly holds: boolean }[] }[];
}

interface Fuzzed {
  readonly failed: number;
  readonly inputs: number;
}

export const SUITES = {
  simulate: {
    args: ["simulate", "--", "--seed", "1", "--runs", "50000"],
    figuresOf: ({ seeds, failed, checked, seedsPerHour }: Simulated) => ({
      failed: failed.length,
      seeds,
      operations: checked,
      seedsPerHour,
    }),
  },
  mutants: { args: ["mutants", "--"], figuresOf: planted },
  faults: {
    args: ["faults", "--", "--seed", "1"],
    figuresOf: ({ failed, operations, lost, doubled, figures }: Faulted) => ({
      failed,
      operations,
      lost,
      doubled,
      states: (figures["power-loss: states checked"] ?? 0) + (figures["storage-power: states checked"] ?? 0),
      cuts: figures["wal-cuts: cuts"] ?? 0,
      pages: figures["damage: pages damaged"] ?? 0,
    }),
  },
  fuzz: {
    args: ["fuzz", "--", "--seed", "1", "--minutes", "30"],
    figuresOf: ({ failed, inputs }: Fuzzed) => ({ failed, inputs }),
  },
  endurance: {
    args: ["endurance", "--", "--seed", "1"],
    figuresOf: ({ minutes, results }: Endured) => {
      const checks = results.flatMap((each) => each.checks);
      return { failed: checks.filter(({ holds }) => !holds).length, minutes, checks: checks.length };
    },
  },
  histories: {
    args: ["test:long", "--", "test/long/histories.test.ts", "test/long/other-histories.test.ts"],
    figuresOf: ({ passed, failed }: Counted) => ({ failed, checks: passed + failed }),
  },
} as const satisfies Readonly<Record<string, Suite>>;
