import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startHeartbeat } from "./heartbeat.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a thread that answers is left alone", () => {
  const silent = vi.fn();
  const ping = vi.fn(() => heartbeat.answered());
  const heartbeat = startHeartbeat(1_000, ping, silent);
  vi.advanceTimersByTime(10_000);
  expect(ping).toHaveBeenCalledTimes(40);
  expect(silent).not.toHaveBeenCalled();
});

test("silence is reported with every beat, and counted anew after an answer", () => {
  const silent = vi.fn();
  const ping = vi.fn();
  const heartbeat = startHeartbeat(1_000, ping, silent);
  for (let round = 0; round < 2; round += 1) {
    vi.advanceTimersByTime(999);
    expect(silent.mock.calls).toEqual([[250], [500]]);
    vi.advanceTimersByTime(1);
    expect(silent.mock.calls).toEqual([[250], [500], [750]]);
    expect(ping).toHaveBeenCalledTimes(round + 1);
    heartbeat.answered();
    silent.mockClear();
  }
});

test("a stopped watch says nothing", () => {
  const silent = vi.fn();
  startHeartbeat(1_000, vi.fn(), silent).stop();
  vi.advanceTimersByTime(10_000);
  expect(silent).not.toHaveBeenCalled();
});

test("beats in which something else keeps the isolate from answering do not count", () => {
  const silent = vi.fn();
  let isExcused = false;
  startHeartbeat(1_000, vi.fn(), silent, () => isExcused);
  vi.advanceTimersByTime(500);
  isExcused = true;
  vi.advanceTimersByTime(10_000);
  isExcused = false;
  vi.advanceTimersByTime(250);
  expect(silent.mock.calls).toEqual([[250], [500]]);
});
