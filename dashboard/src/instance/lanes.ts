/** Assigns lanes to parallel steps: each gets the first lane that is free when it starts. Pure. */
import type { Entry } from "./timeline.ts";

/** The number of lanes. Further parallel steps share the last. */
export const LANES = 8;

/** The lane of each entry, and how many there are. */
export interface Lanes {
  readonly count: number;
  readonly of: (entry: Entry) => number;
}

/** Entries in the order in which they started. What goes on takes its lane for good. */
export function lanesOf(entries: readonly Entry[]): Lanes {
  const ends: number[] = [];
  const lanes = new Map<Entry, number>();
  for (const entry of entries) {
    let lane = ends.findIndex((end) => end <= entry.start);
    if (lane < 0) lane = Math.min(ends.length, LANES - 1);
    const end = entry.state === "running" ? Infinity : (entry.end ?? Infinity);
    ends[lane] = Math.max(ends[lane] ?? 0, end);
    lanes.set(entry, lane);
  }
  return { count: ends.length, of: (entry) => lanes.get(entry) ?? 0 };
}
