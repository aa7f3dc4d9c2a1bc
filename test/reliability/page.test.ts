import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { PAGE, pageOf, readRecords, type Records } from "./page.ts";

/** How often a state is on the page. */
const states = (records: Records, state: string): number => pageOf(records).split(`| ${state} |`).length - 1;
const isRun = { command: "npm run faults", commit: "c", day: "2026-01-01", machine: "m" };
const enough = { failed: 0, operations: 10_000_000, lost: 0, doubled: 0, states: 1_000, cuts: 4_096, pages: 100 };

test("docs/reliability.md is what the records say: npm run reliability writes it", () => {
  expect(readFileSync(PAGE, "utf8")).toBe(pageOf(readRecords()));
});

test("without records nothing holds", () => {
  expect(states({}, "✅ holds")).toBe(0);
});

test.each([
  ["a loss", { lost: 1 }, 3],
  ["a check that failed", { failed: 1 }, 0],
  ["too few operations", { operations: 9_999_999 }, 2],
])("%s is shown", (_, figures, holding) => {
  expect(states({ faults: { ...isRun, figures: enough } }, "✅ holds")).toBe(4);
  expect(states({ faults: { ...isRun, figures: { ...enough, ...figures } } }, "✅ holds")).toBe(holding);
});
