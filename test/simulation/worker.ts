/** Simulates the seeds that it is given, one after the other, in a thread: a simulation takes over the timers of its thread. */
import { parentPort, workerData } from "node:worker_threads";
import { simulateSeed } from "./seeds.ts";
import type { Outcome } from "./simulate.ts";

/** Which seeds: `from`, `from + step`, …, below `to`; not begun after `until` (epoch milliseconds). */
export interface Share {
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly until: number;
}

/** What came of one. */
export interface Simulated extends Outcome {
  readonly seed: number;
}

const { from, to, step, until } = workerData as Share;
for (let seed = from; seed < to && Date.now() < until; seed += step)
  parentPort?.postMessage({ seed, ...(await simulateSeed(seed)) } satisfies Simulated);
