import { expect, test } from "vitest";
import { LIMITS } from "../limits.ts";
import { expiryOf, resolveRetention } from "./retention.ts";

const DEFAULTS = { successMs: 10, errorMs: 20 };

test.each([
  ["complete", 1_010],
  ["errored", 1_020],
  ["terminated", 1_020],
] as const)("%s is kept for as long as its kind is", (status, until) => {
  expect(expiryOf({ status, endedAt: 1_000, retention: undefined }, DEFAULTS)).toBe(until);
});

test("what an instance was given itself comes first, kind by kind", () => {
  const ended = { endedAt: 1_000, retention: { successMs: 1 } };
  expect(expiryOf({ ...ended, status: "complete" }, DEFAULTS)).toBe(1_001);
  expect(expiryOf({ ...ended, status: "errored" }, DEFAULTS)).toBe(1_020);
});

test("what has not ended has no expiry, however short it is to be kept", () => {
  expect(expiryOf({ status: "running", endedAt: null, retention: { successMs: 1, errorMs: 1 } }, DEFAULTS)).toBeNull();
});

test("the nearest word counts, kind by kind; without any it is our default", () => {
  const ours = LIMITS.defaultRetentionMs;
  expect(resolveRetention({ errorMs: 1 }, { errorMs: 2, successMs: 3 })).toEqual({ errorMs: 1, successMs: 3 });
  expect(resolveRetention(undefined, { errorMs: 2 })).toEqual({ errorMs: 2, successMs: ours });
  expect(resolveRetention()).toEqual({ errorMs: ours, successMs: ours });
  expect(ours).toBe(7 * 24 * 60 * 60 * 1000);
});
