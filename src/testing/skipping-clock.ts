/** The machine's clock, which can be put forward: so tests need not wait for what is only a matter of time. */
import type { Clock } from "../ports/clock.ts";
import { systemClock } from "../system/clock.ts";

export interface SkippingClock extends Clock {
  /** Puts the clock forward to `at` (epoch milliseconds); alarms up to there ring soon. A past time changes nothing. */
  skipTo(at: number): void;
  /** Milliseconds that have been skipped in all. */
  readonly skippedMs: number;
}

interface Alarm {
  readonly at: number;
  readonly set: () => void;
  cancel: () => void;
}

/** A clock that begins at the machine's time. */
export function skippingClock(): SkippingClock {
  let skippedMs = 0;
  const alarms = new Set<Alarm>();
  const now = (): number => systemClock.now() + skippedMs;
  return {
    now,
    soon: (fire) => systemClock.soon(fire),
    alarm: (at, fire) => {
      const ring = (): void => {
        alarms.delete(alarm);
        fire();
      };
      const set = (): void => {
        alarm.cancel();
        if (at > now()) alarm.cancel = systemClock.alarm(at - skippedMs, ring);
        else {
          // Unlike a timer, what is due keeps the process alive: a test is waiting for it.
          const immediate = setImmediate(ring);
          alarm.cancel = () => clearImmediate(immediate);
        }
      };
      const alarm: Alarm = { at, set, cancel: () => {} };
      alarms.add(alarm);
      set();
      return () => {
        alarm.cancel();
        alarms.delete(alarm);
      };
    },
    skipTo: (at) => {
      const byMs = Math.ceil(at) - now();
      if (byMs <= 0) return;
      skippedMs += byMs;
      for (const { set } of [...alarms].sort((a, b) => a.at - b.at)) set();
    },
    get skippedMs() {
      return skippedMs;
    },
  };
}
