import { expect, test } from "vitest";
import { arrangedAttempt, arrangedStep, isSelected, type Arrangement } from "./arrangement.ts";

const NOTHING: Arrangement = { sleeps: [], delays: [], waits: [], steps: {} };
const REFUSED = { name: "Error", message: "refused" };
const failed = (how: typeof REFUSED | "timeout"): object => ({ ends: "failed", how });

test("failures take the first attempts, then what always holds, then the result", () => {
  const key = arrangedStep("pay", 2);
  const some: Arrangement = { ...NOTHING, steps: { [key]: { failures: [REFUSED, "timeout"], result: { output: "1" } } } };
  const always: Arrangement = {
    ...NOTHING,
    steps: { [key]: { failures: [REFUSED], always: "timeout", result: { output: "1" } } },
  };
  const ends = (arrangement: Arrangement): unknown[] => [1, 2, 3].map((n) => arrangedAttempt([arrangement], "pay", 2, n));
  expect(ends(some)).toEqual([failed(REFUSED), failed("timeout"), { ends: "completed", result: { output: "1" } }]);
  expect(ends(always)).toEqual([failed(REFUSED), failed("timeout"), failed("timeout")]);
  expect(arrangedAttempt([some], "pay", 1, 1)).toBeUndefined();
});

test("the first arrangement that says something of an attempt holds", () => {
  const own: Arrangement = { ...NOTHING, steps: { "1 pay": { failures: [REFUSED] } } };
  const all: Arrangement = { ...NOTHING, steps: { "1 pay": { failures: [], result: { output: "1" } } } };
  expect(arrangedAttempt([own, all], "pay", 1, 1)).toEqual(failed(REFUSED));
  expect(arrangedAttempt([own, all], "pay", 1, 2)).toEqual({ ends: "completed", result: { output: "1" } });
  expect(arrangedAttempt([], "pay", 1, 1)).toBeUndefined();
});

test("a step is selected by its key, or with all of its kind", () => {
  const some: Arrangement = { ...NOTHING, sleeps: [arrangedStep("night", 1)], delays: "all" };
  expect(isSelected([NOTHING, some], "sleeps", "night", 1)).toBe(true);
  expect(isSelected([some], "sleeps", "night", 2)).toBe(false);
  expect(isSelected([some], "delays", "any", 7)).toBe(true);
  expect(isSelected([some], "waits", "night", 1)).toBe(false);
});
