import { afterEach, beforeEach, expect, it, vi } from "vitest";
import fc from "fast-check";
import { Deadlines } from "./deadlines.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

it("calls what is late, each at its time, and nothing that was met", () => {
  const act = fc.record({
    after: fc.nat(50),
    ms: fc.integer({ min: 1, max: 100 }),
    metAfter: fc.option(fc.integer({ min: 1, max: 120 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 12 }), (acts) => {
      vi.setSystemTime(0);
      const deadlines = new Deadlines();
      const begun = performance.now();
      const called = new Map<number, number>();
      acts.forEach(({ after, ms, metAfter }, i) => {
        const late = (): void => void called.set(i, performance.now() - begun);
        setTimeout(() => {
          deadlines.set(ms, late);
          if (metAfter !== undefined) setTimeout(() => deadlines.meet(late), metAfter);
        }, after);
      });
      vi.advanceTimersByTime(1_000);
      acts.forEach(({ after, ms, metAfter }, i) => {
        // What is met in the very millisecond of its deadline may be either.
        if (metAfter === ms) return;
        expect(called.get(i)).toBe(metAfter !== undefined && metAfter < ms ? undefined : after + ms);
      });
      deadlines.end();
      expect(vi.getTimerCount()).toBe(0);
    }),
    { numRuns: 200 },
  );
});

it("keeps one timer, whatever the number of attempts", () => {
  const deadlines = new Deadlines();
  for (let i = 0; i < 10; i += 1) {
    const late = (): void => {};
    deadlines.set(600_000, late);
    deadlines.meet(late);
  }
  expect(vi.getTimerCount()).toBe(1);
  deadlines.end();
  expect(vi.getTimerCount()).toBe(0);
});

it("waits for as long as asked for, though timers cannot", () => {
  const deadlines = new Deadlines();
  const late = vi.fn<() => void>();
  deadlines.set(2 ** 31 + 1_000, late);
  vi.advanceTimersByTime(2 ** 31 - 1);
  expect(late).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1_001);
  expect(late).toHaveBeenCalledOnce();
});
