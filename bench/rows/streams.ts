/**
 * A step that returns a stream of a gigabyte, and the workflow reading it back: how fast, and how much memory that takes.
 * Measured in a process of its own, so that memory is that of the engine (and of the Worker's thread) alone.
 */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Benchmark } from "../row.ts";

const CHILD = fileURLToPath(new URL("./streams-child.ts", import.meta.url));

const MIB = 1024 * 1024;

export const streams: readonly Benchmark[] = [
  {
    ids: ["stream-in", "stream-out", "stream-rss"],
    system: "stepwell",
    executor: "node",
    store: "sqlite-full",
    units: { "stream-in": "MB/s", "stream-out": "MB/s", "stream-rss": "MB grown" },
    measure: ({ quick }) =>
      new Promise((resolve, reject) => {
        const child = fork(CHILD, [String((quick ? 128 : 1_024) * MIB)], { execArgv: ["--expose-gc"] });
        child.once("message", (figures) => resolve(figures as Record<string, number>));
        child.once("exit", (code) => code !== 0 && reject(new Error(`The process that streams ended with ${code}`)));
      }),
  },
];
