/** What stepwell promises: ten sentences, each with what would break it, the suite that tries to, and the figures that count. */
import type { SUITES } from "./suites.ts";

export type SuiteName = keyof typeof SUITES;

/** A figure that a record has to show. `least`: the promise is short of its aim below it. */
interface Shown {
  readonly suite: SuiteName;
  readonly figure: string;
  readonly unit: string;
  readonly least?: number;
  readonly most?: number;
}

interface Promised {
  readonly says: string;
  readonly command: string;
  /** The fault that is planted, and has to be found. */
  readonly twin: string;
  /** Empty: not measured, which is said. */
  readonly shown: readonly Shown[];
}

const faults = (figure: string, unit: string, bounds: Pick<Shown, "least" | "most"> = {}): Shown => ({
  suite: "faults",
  figure,
  unit,
  ...bounds,
});

export const PROMISES: readonly Promised[] = [
  {
    says: "Nothing that was acknowledged is lost: creates, results of steps, events, messages, values",
    command: "npm run faults",
    twin: "a ledger with a loss in it; a store with `synchronous=OFF`",
    shown: [
      faults("operations", "acknowledged operations checked under faults", { least: 10_000_000 }),
      faults("lost", "lost", { most: 0 }),
    ],
  },
  {
    says: "Nothing that was acknowledged happens again: no completed step, no message that was taken",
    command: "npm run faults",
    twin: "a ledger in which a step completed twice",
    shown: [faults("operations", "acknowledged operations", { least: 10_000_000 }), faults("doubled", "doubled", { most: 0 })],
  },
  {
    says: "A power loss at any moment leaves everything acknowledged, whole, and nothing half",
    command: "npm run faults -- --only power-loss,wal-cuts,storage-power",
    twin: "`synchronous=OFF`; a sync error that is swallowed; a disk that ignores syncs",
    shown: [faults("states", "states of a disk opened", { least: 1_000 }), faults("cuts", "cuts of the log", { least: 4_096 })],
  },
  {
    says: "Damage of a database is named, not served",
    command: "npm run faults -- --only damage",
    twin: "a check that only opens the file",
    shown: [faults("pages", "pages overwritten, all found", { least: 100 })],
  },
  {
    says: "No order of commits, deaths, calls and clocks breaks an invariant, and what can go on goes on",
    command: "npm run simulate -- --runs 50000",
    twin: "each planted fault of the next row",
    shown: [
      { suite: "simulate", figure: "seeds", unit: "seeds", least: 50_000 },
      { suite: "simulate", figure: "operations", unit: "operations checked" },
      { suite: "simulate", figure: "seedsPerHour", unit: "seeds an hour", least: 20_000 },
    ],
  },
  {
    says: "A fault of the kinds that stepwell has had is found by a machine",
    command: "npm run mutants",
    twin: "is itself one",
    shown: [
      { suite: "mutants", figure: "mutants", unit: "planted faults, all found", least: 30 },
      { suite: "mutants", figure: "mostSeeds", unit: "seeds for the one that is found last", most: 2_000 },
      { suite: "mutants", figure: "seconds", unit: "seconds of work" },
    ],
  },
  {
    says: "A server runs on for as long as it is let: memory, descriptors, timers and files do not grow with what is over",
    command: "npm run endurance -- --minutes 60",
    twin: "planted growth (`test/endurance/growth.test.ts`)",
    shown: [
      { suite: "endurance", figure: "minutes", unit: "minutes", least: 60 },
      { suite: "endurance", figure: "checks", unit: "checks" },
    ],
  },
  {
    says: "Data of every earlier version is opened, migrated and goes on",
    command: "npm run test:long -- test/long/histories.test.ts test/long/other-histories.test.ts",
    twin: "a schema from the future, which is refused",
    shown: [{ suite: "histories", figure: "checks", unit: "checks of recorded data directories", least: 30 }],
  },
  {
    says: "No input breaks the server: what is bad is refused, and changes nothing",
    command: "npm run fuzz -- --minutes 30",
    twin: "servers and codecs that do it wrong (`test/long/fuzz-planted.test.ts`)",
    shown: [
      { suite: "fuzz", figure: "inputs", unit: "inputs", least: 1_000_000 },
      { suite: "fuzz", figure: "failed", unit: "targets that failed", most: 0 },
    ],
  },
  {
    says: "The effects of an attempt that is over do not come after those of the next one",
    command: "none yet",
    twin: "none yet",
    shown: [],
  },
];
