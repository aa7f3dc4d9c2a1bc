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

test("an answer that comes late but in time is an answer", () => {
  const silent = vi.fn();
  const ping = vi.fn();
  const heartbeat = startHeartbeat(1_000, ping, silent);
  for (let round = 0; round < 3; round += 1) {
    vi.advanceTimersByTime(1_000);
    expect(ping).toHaveBeenCalledTimes(round + 1);
    heartbeat.answered();
  }
  expect(silent).not.toHaveBeenCalled();
});

test("silence of the whole span is told once", () => {
  const silent = vi.fn();
  startHeartbeat(1_000, vi.fn(), silent);
  vi.advanceTimersByTime(1_249);
  expect(silent).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(silent).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(10_000);
  expect(silent).toHaveBeenCalledTimes(1);
});

test("a stopped watch says nothing", () => {
  const silent = vi.fn();
  startHeartbeat(1_000, vi.fn(), silent).stop();
  vi.advanceTimersByTime(10_000);
  expect(silent).not.toHaveBeenCalled();
});
