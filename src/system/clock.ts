/** The clock of the machine. Its timers never keep a process alive: what does is the server, or the embedding program. */
import type { Clock } from "../ports/clock.ts";

/**
 * How far off an alarm's timer is at the most, in milliseconds; one that is further off is set again on the way. Timers stand
 * still while the machine sleeps, and do not notice when its clock is set: this is how late an alarm may be after either.
 */
const MAX_DELAY_MS = 60_000;

/** Time as the machine has it. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  soon: (fire) => void setImmediate(fire),
  alarm: (at, fire) => {
    const due = performance.now() + (at - Date.now());
    let timer: NodeJS.Timeout | undefined;
    // Timers may be early by a fraction of a millisecond; alarms never are.
    const look = (): void => {
      if (Date.now() >= at || performance.now() >= due) fire();
      else set();
    };
    const set = (): void => {
      // Timers pass over fractions of a millisecond.
      const leftMs = Math.ceil(Math.min(at - Date.now(), due - performance.now()));
      timer = setTimeout(look, Math.min(Math.max(0, leftMs), MAX_DELAY_MS));
      timer.unref();
    };
    set();
    return () => clearTimeout(timer);
  },
};
