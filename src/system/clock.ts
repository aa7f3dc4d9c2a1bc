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
  soon: (fire) => void setImmediate(fire),
  alarm: (at, fire) => {
    let timer: NodeJS.Timeout | undefined;
    const set = (): void => {
      const delay = at - Date.now();
      timer = delay > MAX_DELAY_MS ? setTimeout(set, MAX_DELAY_MS) : setTimeout(ring, Math.max(0, delay));
      timer.unref();
    };
    const ring = (): void => {
      // Timers may be early by a fraction of a millisecond; alarms never are.
      if (Date.now() < at) set();
      else fire();
    };
    set();
    return () => clearTimeout(timer);
  },
};
