/** A clock that stands still until a test moves it. */
import type { Clock } from "../ports/clock.ts";

export interface FakeClock extends Clock {
  /** Moves on, firing alarms in order; each sees the time at which it was due. */
  advance(byMs: number): void;
  /** How many alarms are set. */
  readonly pending: number;
}

/** A clock that begins at `start` (epoch milliseconds). `soon` is real: it is order, not time. */
export function fakeClock(start: number = Date.UTC(2026, 0, 1)): FakeClock {
  let now = start;
  let alarms: { readonly at: number; readonly fire: () => void }[] = [];
  return {
    now: () => now,
    soon: (fire) => void setImmediate(fire),
    alarm: (at, fire) => {
      // A clock knows whole milliseconds only.
      const alarm = { at: Math.ceil(at), fire };
      alarms.push(alarm);
      return () => {
        alarms = alarms.filter((other) => other !== alarm);
      };
    },
    advance: (byMs) => {
      const until = now + byMs;
      for (;;) {
        const [next] = alarms.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        alarms = alarms.filter((other) => other !== next);
        now = Math.max(now, next.at);
        next.fire();
      }
      now = until;
    },
    get pending() {
      return alarms.length;
    },
  };
}
