/** The check that a figure is flat: planted leaks are found, noise and a warm-up are not. */
import { describe, expect, test } from "vitest";
import { growth, type Sample } from "./growth.ts";
import { randomFrom } from "../support/random.ts";

const TOLERANCE = { share: 0.2, absolute: 20 };
const random = randomFrom(7);

/** A minute of samples around a value that depends on the share of time that has gone by, with noise of ±5. */
const samples = (value: (share: number) => number): Sample[] =>
  Array.from({ length: 60 }, (_, i) => ({ at: i * 1_000, value: value(i / 59) + random() * 10 - 5 }));

const isFlat = (value: (share: number) => number): boolean | undefined => growth(samples(value), TOLERANCE)?.isFlat;

test("a leak that grows evenly is found", () => {
  expect(isFlat((share) => 100 + 100 * share)).toBe(false);
});

test("a leak that grows in steps is found", () => {
  expect(isFlat((share) => 100 + 40 * Math.floor(share * 8))).toBe(false);
});

test("a leak under a sawtooth is found", () => {
  expect(isFlat((share) => 100 + 100 * share + 30 * ((share * 12) % 1))).toBe(false);
});

describe("is flat:", () => {
  test("noise", () => expect(isFlat(() => 100)).toBe(true));
  test("growth in the first quarter", () => expect(isFlat((share) => 100 + 400 * Math.min(share, 0.25))).toBe(true));
  test("a sawtooth", () => expect(isFlat((share) => 100 + 80 * ((share * 12) % 1))).toBe(true));
  test("a single spike at the end", () => expect(isFlat((share) => (share === 1 ? 10_000 : 100))).toBe(true));
  test("a step within the tolerance", () => expect(isFlat((share) => (share < 0.6 ? 100 : 115))).toBe(true));
});

test("a few samples say nothing", () => {
  expect(growth(samples(() => 100).slice(0, 5), TOLERANCE)).toBeUndefined();
});
