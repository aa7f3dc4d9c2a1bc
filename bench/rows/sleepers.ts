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

export const sleepers: readonly Benchmark[] = [
  {
    ids: ["sleepers-100k-rss", "sleepers-100k-rss-uncollected", "sleepers-100k-disk", "sleepers-restart"],
    system: "stepwell",
    executor: "node",
    store: "sqlite-full",
    units: {
      "sleepers-100k-rss": "MB grown",
      "sleepers-100k-rss-uncollected": "MB grown",
      "sleepers-100k-disk": "bytes each",
      "sleepers-restart": "ms to ready",
    },
    measure: ({ quick }) =>
      inFolder(async (folder) => {
        const asleep = await child("sleep", folder, quick ? 10_000 : 100_000);
        const again = await child("restart", folder, 0);
        return {
          "sleepers-100k-rss": asleep["rss"] ?? 0,
          "sleepers-100k-rss-uncollected": asleep["peak"] ?? 0,
          "sleepers-100k-disk": asleep["disk"] ?? 0,
          "sleepers-restart": again["ready"] ?? 0,
        };
      }),
  },
  {
    ids: ["timers-10k"],
    system: "stepwell",
    executor: "node",
    store: "sqlite-full",
    units: { "timers-10k": "ms until all are done" },
    measure: ({ quick }) =>
      inFolder(async (folder) => ({ "timers-10k": (await child("timers", folder, quick ? 1_000 : 10_000))["late"] ?? 0 })),
  },
];
