/** What the frame finds in targets with planted faults. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { runTarget } from "./run.ts";
import { fuzzed, type Target } from "./target.ts";

const target = (put: (input: number) => Promise<void> | void, check?: () => void): Target => ({
  name: "planted",
  weight: 1,
  ciRuns: 1_000,
  open: (figures) =>
    fuzzed(
      fc.nat(),
      (input) => {
        figures("seen");
        return put(input);
      },
      { check },
    ),
});

const BUDGET = { seed: 7, runs: 1_000, forMs: Infinity };

function refusesAbove(most: number): (input: number) => void {
  return (input) => {
    if (input > most) throw new Error(`${input} is too much`);
  };
}

test("a target that keeps its promises gets all its inputs", async () => {
  const { inputs, figures, failures } = await runTarget(
    target(() => {}),
    BUDGET,
  );
  expect({ inputs, figures, failures }).toEqual({ inputs: 1_000, figures: { seen: 1_000 }, failures: [] });
});

test("an input that breaks a promise is made small, and comes again by the seed and the path that are printed", async () => {
  const { failures } = await runTarget(target(refusesAbove(1_000)), BUDGET);
  expect(failures).toHaveLength(1);
  expect(failures[0]).toContain("1001 is too much");
  const [, seed, path] = /--only planted --seed (-?\d+) --path (\S+)/.exec(failures[0] ?? "") ?? [];
  const given: number[] = [];
  const again = await runTarget(
    target((input) => void given.push(input)),
    { ...BUDGET, seed: Number(seed), path },
  );
  expect({ given, inputs: again.inputs }).toEqual({ given: [1_001], inputs: 1 });
});

test("an input that breaks the promise at the end only is noticed at the end", async () => {
  const left = target(
    () => {},
    () => {
      throw new Error("3 descriptors are left");
    },
  );
  expect((await runTarget(left, BUDGET)).failures[0]).toContain("at the end: Error: 3 descriptors are left");
});

test("a target that cannot be opened fails", async () => {
  const broken = { ...target(() => {}), open: () => Promise.reject(new Error("no port")) };
  expect((await runTarget(broken, BUDGET)).failures[0]).toContain("no port");
});
