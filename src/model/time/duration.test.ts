/** A year is as long as the longest sleep, however it is written. */
import { expect, test } from "vitest";
import { durationMs, InvalidDuration, isDuration } from "./duration.ts";
import { LIMITS } from "../limits.ts";

test.each(["1 year", "12 months", "365 days", "366 days"])("%s is no longer than a sleep may last", (year) => {
  expect(durationMs(year)).toBeLessThanOrEqual(LIMITS.waitMs);
});

test.each([`${"1".repeat(100_000)}!`, `${" ".repeat(100_000)}s`, "1".repeat(2_000), "1 constructor", "1 second 2 minutes"])(
  "a text that is no duration is refused, in a message that is short",
  (text) => {
    expect(isDuration(text)).toBe(false);
    expect(() => durationMs(text)).toThrow(InvalidDuration);
    expect(() => durationMs(text)).toThrow(/^.{0,300}$/s);
  },
);

test.each([
  ["1.", 1],
  ["1. second", 1_000],
  [".5 minutes", 30_000],
  ["1e3 seconds", 1_000_000],
  ["-1.5hours", -5_400_000],
])("%s is %i ms", (text, ms) => expect(durationMs(text)).toBe(ms));
