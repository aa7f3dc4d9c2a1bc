import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { skippingClock } from "./skipping-clock.ts";

const HOUR_MS = 60 * 60 * 1000;

test("what is skipped to rings in order, what lies further on does not, and what was cancelled never does", async () => {
  const clock = skippingClock();
  const start = clock.now();
  const rung: string[] = [];
  clock.alarm(start + 2 * HOUR_MS, () => rung.push("second"));
  clock.alarm(start + HOUR_MS, () => rung.push("first"));
  clock.alarm(start + HOUR_MS, () => rung.push("cancelled"))();
  const far = clock.alarm(start + 9 * HOUR_MS, () => rung.push("far"));
  clock.skipTo(start + 2 * HOUR_MS);
  await nextTurn();
  expect(rung).toEqual(["first", "second"]);
  expect(clock.now()).toBeGreaterThanOrEqual(start + 2 * HOUR_MS);
  far();
});

test("time never goes back", () => {
  const clock = skippingClock();
  clock.skipTo(clock.now() + HOUR_MS);
  const { skippedMs } = clock;
  clock.skipTo(clock.now() - HOUR_MS);
  expect(clock.skippedMs).toBe(skippedMs);
});

test("it has whole milliseconds only", () => {
  const clock = skippingClock();
  const halfPast = clock.now() + HOUR_MS + 0.5;
  clock.skipTo(halfPast);
  expect(clock.now() % 1).toBe(0);
  expect(clock.now()).toBeGreaterThan(halfPast);
});

test("an alarm that has been skipped to may be cancelled before it rings", async () => {
  const clock = skippingClock();
  let rung = false;
  const cancel = clock.alarm(clock.now() + HOUR_MS, () => (rung = true));
  clock.skipTo(clock.now() + HOUR_MS);
  cancel();
  await nextTurn();
  expect(rung).toBe(false);
});
