import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { systemClock } from "./clock.ts";

const HOUR_MS = 60 * 60 * 1000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.restoreAllMocks();
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

test("an alarm rings when its time has passed, though the clock was set back meanwhile", () => {
  const rung: number[] = [];
  const begun = systemClock.elapsed();
  systemClock.alarm(Date.now() + 5_000, () => rung.push(systemClock.elapsed() - begun));
  vi.advanceTimersByTime(1_000);
  vi.setSystemTime(Date.now() - HOUR_MS);
  vi.advanceTimersByTime(3_999);
  expect(rung).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(rung).toEqual([5_000]);
  expect(vi.getTimerCount()).toBe(0);
});

test("a timer that is early by less than a millisecond makes no alarm early", () => {
  let rung = false;
  systemClock.alarm(Date.now() + 5_000, () => (rung = true));
  const real = { now: Date.now, elapsed: performance.now.bind(performance) };
  vi.spyOn(Date, "now").mockImplementation(() => real.now() - 1);
  vi.spyOn(performance, "now").mockImplementation(() => real.elapsed() - 0.4);
  vi.advanceTimersByTime(5_000);
  expect(rung).toBe(false);
  vi.advanceTimersByTime(1);
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
