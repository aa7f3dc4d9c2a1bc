/** Counting in windows: what passes, what does not, and what is forgotten. */
import { beforeEach, expect, test } from "vitest";
import { fakeClock, type FakeClock } from "../../testing/fake-clock.ts";
import { RateWindows, type Counted } from "./windows.ts";

let clock: FakeClock;
let windows: RateWindows;
beforeEach(() => {
  clock = fakeClock();
  windows = new RateWindows(clock, 3);
});

const count = (over: Partial<Counted> = {}): boolean =>
  windows.count({ namespaceId: "1", key: "a", delta: 1, limit: 2, period: 10, ...over });

test("a key passes until the limit, and again in the next window", () => {
  expect([count(), count(), count(), count()]).toEqual([true, true, false, false]);
  clock.advance(10_000);
  expect([count(), count(), count()]).toEqual([true, true, false]);
});

test("keys, namespaces and periods count apart", () => {
  expect([count({ limit: 1 }), count({ limit: 1 })]).toEqual([true, false]);
  expect([count({ key: "b" }), count({ namespaceId: "2" }), count({ period: 60 })]).toEqual([true, true, true]);
});

test("what passes the limit by its delta is let through once", () => {
  expect([count({ delta: 5 }), count()]).toEqual([true, false]);
});

test("of too many keys, the one that was asked for least recently is forgotten", () => {
  for (const key of ["a", "b", "c"]) count({ key, limit: 1 });
  expect(count({ limit: 1 })).toBe(false);
  count({ key: "d", limit: 1 });
  expect(["a", "b"].map((key) => count({ key, limit: 1 }))).toEqual([false, true]);
});
