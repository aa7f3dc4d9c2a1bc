/** A clock that stands still until a test moves it. */
import type { Clock } from "../ports/clock.ts";

export interface FakeClock extends Clock {
  /** Lets time pass, firing alarms in order; each sees the time at which it was due. */
  advance(byMs: number): void;
  /** Sets the clock back, as someone at the machine may: no time passes. */
  setBack(byMs: number): void;
  /** How many alarms are set. */
  readonly pending: number;
}

interface Alarm {
  readonly at: number;
  /** What `elapsed` says when it rings at the latest. */
  readonly due: number;
  readonly fire: () => void;
}

/** A clock that begins at `start` (epoch milliseconds). `soon` is real: it is order, not time. */
export function fakeClock(start: number = Date.UTC(2026, 0, 1)): FakeClock {
  let elapsed = 0;
  /** What the clock shows when nothing has passed. */
  let offset = start;
  let alarms: Alarm[] = [];
  const ringsAt = ({ at, due }: Alarm): number => Math.min(due, at - offset);
  return {
    now: () => offset + elapsed,
    elapsed: () => elapsed,
    soon: (fire) => void setImmediate(fire),
    alarm: (at, fire) => {
      // A clock knows whole milliseconds only.
      const whole = Math.ceil(at);
      const alarm = { at: whole, due: whole - offset, fire };
      alarms.push(alarm);
      return () => {
        alarms = alarms.filter((other) => other !== alarm);
      };
    },
    advance: (byMs) => {
      const until = elapsed + byMs;
      for (;;) {
        const [next] = alarms.filter((each) => ringsAt(each) <= until).sort((a, b) => ringsAt(a) - ringsAt(b));
        if (next === undefined) break;
        alarms = alarms.filter((other) => other !== next);
        elapsed = Math.max(elapsed, ringsAt(next));
        next.fire();
      }
      elapsed = until;
    },
    setBack: (byMs) => {
      offset -= byMs;
    },
    get pending() {
      return alarms.length;
    },
  };
}
