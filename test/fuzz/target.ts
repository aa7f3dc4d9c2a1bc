/** The shape of what is fuzzed: a property over one input, with what holds for every input of every target. */
import { availableParallelism, loadavg } from "node:os";
import fc from "fast-check";
import { escaped } from "./escapes.ts";

export interface Target {
  /** As in `--only`. */
  readonly name: string;
  /** Its share of the time of a run. */
  readonly weight: number;
  /** Inputs with `--share ci`. */
  readonly ciRuns: number;
  /** Opens what inputs are given to. */
  readonly open: (figures: Figures) => Promise<Fuzzed> | Fuzzed;
}

/** Adds to a figure of the target. */
export type Figures = (name: string, by?: number) => void;

/** What is fuzzed, opened. */
export interface Fuzzed {
  /** Gives it inputs; resolves to the first that broke a promise, made as small as possible. */
  readonly run: (parameters: RunParameters) => Promise<Ran>;
  /** Asserts at the end that nothing hangs, is partial or grew. */
  readonly check?: (() => Promise<void> | void) | undefined;
  readonly close?: (() => Promise<void> | void) | undefined;
}

export interface RunParameters {
  readonly seed: number;
  readonly runs: number;
  /** Of an earlier failure: that input alone. */
  readonly path?: string | undefined;
  /** Whether inputs that once broke a promise come first. */
  readonly withFound: boolean;
}

export interface Ran {
  readonly inputs: number;
  readonly failure?: { readonly path: string; readonly report: string };
}

interface More<T> extends Pick<Fuzzed, "check" | "close"> {
  /** Inputs that broke a promise once. */
  readonly found?: readonly T[];
}

/** An input that takes longer, in milliseconds, is given again alone; then it fails. */
const SLOW_MS = 1_000;

/** Longer on a machine that others use as well. */
function slowMs(): number {
  return SLOW_MS * Math.max(1, (loadavg()[0] ?? 0) / availableParallelism());
}

/** One that is not answered at all, in milliseconds. */
const HANGS_MS = 30_000;

/** For making a failing input smaller, in milliseconds. */
const SHRINK_MS = 60_000;

/**
 * Makes a target of inputs and of what each is put to; that rejects when a promise is broken. For every input holds: it is dealt
 * with in a second, and leaves no rejection without a handler.
 */
export function fuzzed<T>(
  input: fc.Arbitrary<T>,
  put: (input: T) => Promise<void> | void,
  { found = [], ...more }: More<T> = {},
): Fuzzed {
  let tried = 0;
  const property = fc.asyncProperty(input, async (each) => {
    tried += 1;
    const tookMs = await time(put, each);
    if (tookMs > slowMs()) {
      const againMs = await time(put, each);
      if (againMs > slowMs()) throw new Error(`The input took ${Math.round(tookMs)} ms, and ${Math.round(againMs)} ms again`);
    }
    const stray = escaped();
    if (stray !== undefined) throw new Error(`Nothing handled: ${stray}`);
  });
  const run = async ({ seed, runs, path, withFound }: RunParameters): Promise<Ran> => {
    const before = tried;
    const details = await fc.check(property, {
      seed,
      numRuns: runs,
      timeout: HANGS_MS,
      interruptAfterTimeLimit: SHRINK_MS + runs * SLOW_MS,
      markInterruptAsFailure: true,
      ...(path !== undefined && { path }),
      ...(withFound && path === undefined && { examples: found.map((each): [T] => [each]) }),
    });
    const inputs = tried - before;
    if (!details.failed) return { inputs };
    return { inputs, failure: { path: details.counterexamplePath ?? "", report: reportOf(details) } };
  };
  return { run, ...more };
}

async function time<T>(put: (input: T) => Promise<void> | void, input: T): Promise<number> {
  const began = performance.now();
  await put(input);
  return performance.now() - began;
}

/** Characters of an input that are printed. */
const SHOWN = 8_000;

function reportOf<T>({ counterexample, errorInstance, interrupted }: fc.RunDetails<T>): string {
  const error = errorInstance instanceof Error ? (errorInstance.stack ?? errorInstance.message) : String(errorInstance);
  return `${interrupted ? "The time is over\n" : ""}${fc.stringify(counterexample).slice(0, SHOWN)}\n${error}`;
}
