/**
 * A hundred thousand instances asleep, and ten thousand timers due in the same second. Each is measured in a process of
 * its own, so that memory is that of the engine alone.
 */
import { fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Benchmark } from "../row.ts";

const CHILD = fileURLToPath(new URL("./sleepers-child.ts", import.meta.url));

async function child(act: string, folder: string, count: number): Promise<Record<string, number>> {
  const process = fork(CHILD, [act, folder, String(count)], { execArgv: ["--expose-gc"] });
  return new Promise((resolve, reject) => {
    process.once("message", (figures) => resolve(figures as Record<string, number>));
    process.once("exit", (code) => code !== 0 && reject(new Error(`The process for "${act}" ended with ${code}`)));
  });
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "stepwell-bench-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const subject = { system: "stepwell", executor: "node", store: "sqlite-full" } as const;

/** So many asleep: what they cost, and what it takes to start among them. */
const asleep = (name: string, total: number, runs: number): Benchmark => ({
  ...subject,
  ids: ["rss", "rss-uncollected", "disk", "claim-100"].map((what) => `sleepers-${name}-${what}`).concat(restart(name)),
  units: {
    [`sleepers-${name}-rss`]: "MB grown",
    [`sleepers-${name}-rss-uncollected`]: "MB grown",
    [`sleepers-${name}-disk`]: "bytes each",
    [`sleepers-${name}-claim-100`]: "ms after they were due",
    [restart(name)]: "ms to ready",
  },
  runs,
  measure: ({ quick }) =>
    inFolder(async (folder) => {
      const slept = await child("sleep", folder, quick ? total / 10 : total);
      const again = await child("restart", folder, 0);
      const claimed = await child("claim", folder, 0);
      return {
        [`sleepers-${name}-rss`]: slept["rss"] ?? 0,
        [`sleepers-${name}-rss-uncollected`]: slept["peak"] ?? 0,
        [`sleepers-${name}-disk`]: slept["disk"] ?? 0,
        [restart(name)]: again["ready"] ?? 0,
        [`sleepers-${name}-claim-100`]: claimed["claim"] ?? 0,
      };
    }),
});

/** The row of a hundred thousand was there before there was another. */
function restart(name: string): string {
  return name === "100k" ? "sleepers-restart" : `sleepers-${name}-restart`;
}

export const sleepers: readonly Benchmark[] = [
  asleep("100k", 100_000, 3),
  // Minutes: once is enough.
  asleep("1m", 1_000_000, 1),
  {
    ...subject,
    ids: ["timers-10k"],
    units: { "timers-10k": "ms until all are done" },
    measure: ({ quick }) =>
      inFolder(async (folder) => ({ "timers-10k": (await child("timers", folder, quick ? 1_000 : 10_000))["late"] ?? 0 })),
  },
];
