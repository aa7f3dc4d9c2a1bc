/** A year is as long as the longest sleep, however it is written. */
import { expect, test } from "vitest";
import { durationMs } from "./duration.ts";
import { LIMITS } from "../limits.ts";

test.each(["1 year", "12 months", "365 days", "366 days"])("%s is no longer than a sleep may last", (year) => {
  expect(durationMs(year)).toBeLessThanOrEqual(LIMITS.waitMs);
});
