/**
 * Whether a figure that is sampled over time is flat once the first quarter is over. Two robust measures have to agree before
 * it counts as growing: the median of the last quarter against that of the second, and the median of the slopes between samples.
 */

import { median } from "../../bench/row.ts";

export interface Sample {
  /** Milliseconds since the beginning. */
  readonly at: number;
  readonly value: number;
}

/** How much a figure may grow and still count as flat: the larger of the two. */
export interface Tolerance {
  /** Of the median of the second quarter. */
  readonly share: number;
  /** In the figure's own unit. */
  readonly absolute: number;
}

export interface Growth {
  readonly second: number;
  readonly last: number;
  /** What the slope amounts to between the middles of the second and the last quarter. */
  readonly trend: number;
  readonly allowed: number;
  readonly isFlat: boolean;
}

/** Fewer samples than this say nothing. */
const FEWEST = 8;

/** Pairs of samples that the slope is taken from at the most; it is a median, so that a part of them will do. */
const MOST_PER_SAMPLE = 100;

/** Undefined when there are too few samples to say. */
export function growth(samples: readonly Sample[], { share, absolute }: Tolerance): Growth | undefined {
  if (samples.length < FEWEST) return undefined;
  const quarter = (from: number, to: number): readonly Sample[] =>
    samples.slice(Math.floor((samples.length * from) / 4), Math.ceil((samples.length * to) / 4));
  const [second, last] = [quarter(1, 2), quarter(3, 4)];
  const middle = (part: readonly Sample[]): number => median(part.map(({ at }) => at));
  const value = (part: readonly Sample[]): number => median(part.map((each) => each.value));
  const trend = slope(quarter(1, 4)) * (middle(last) - middle(second));
  const allowed = Math.max(share * value(second), absolute);
  const grown = value(last) - value(second);
  return { second: value(second), last: value(last), trend, allowed, isFlat: Math.min(grown, trend) <= allowed };
}

/** The median of the slopes between pairs of samples (Theil and Sen). */
function slope(samples: readonly Sample[]): number {
  const stride = Math.max(1, Math.floor(samples.length / MOST_PER_SAMPLE));
  const slopes = samples.flatMap((from, i) =>
    samples
      .slice(i + 1)
      .filter((_, j) => j % stride === 0)
      .map((to) => (to.value - from.value) / (to.at - from.at)),
  );
  return median(slopes);
}
