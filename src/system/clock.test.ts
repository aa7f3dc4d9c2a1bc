import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { systemClock } from "./clock.ts";

const HOUR_MS = 60 * 60 * 1000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
});

test("an alarm rings at its time, however far off, and never before", () => {
  const at = Date.now() + 60 * 24 * HOUR_MS;
  const rung: number[] = [];
  systemClock.alarm(at, () => rung.push(Date.now()));
  vi.advanceTimersByTime(60 * 24 * HOUR_MS - 1);
  expect(rung).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(rung).toEqual([at]);
  expect(vi.getTimerCount()).toBe(0);
});

test("an alarm that was due while the machine slept rings within a minute after it", () => {
  let rung = false;
  systemClock.alarm(Date.now() + HOUR_MS, () => (rung = true));
  // The wall clock goes on in a sleep; timers do not.
  vi.setSystemTime(Date.now() + 8 * HOUR_MS);
  vi.advanceTimersByTime(60_001);
  expect(rung).toBe(true);
});

test("an alarm that is cancelled after its timer was set again does not ring", () => {
  let rung = false;
  const cancel = systemClock.alarm(Date.now() + HOUR_MS, () => (rung = true));
  vi.advanceTimersByTime(HOUR_MS / 2);
  cancel();
  vi.advanceTimersByTime(HOUR_MS);
  expect(rung).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
});
