/** Chance from a seed: the same seed gives the same numbers. */

/** Numbers from 0 to 1, 1 excluded (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A seed of its own for each part of a run. */
export function seedFor(seed: number, part: string): number {
  return Buffer.from(part).reduce((sum, byte) => Math.imul(sum ^ byte, 16_777_619), seed ^ 2_166_136_261) >>> 0;
}

export class Random {
  /** From 0 to 1, 1 excluded. */
  readonly next: () => number;

  constructor(seed: number) {
    this.next = randomFrom(seed);
  }

  /** A whole number from 0 to `most`, both included. */
  upTo(most: number): number {
    return Math.floor(this.next() * (most + 1));
  }

  pick<T>(list: readonly T[]): T | undefined {
    return list[this.upTo(list.length - 1)];
  }
}
