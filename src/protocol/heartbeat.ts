/**
 * Notices an isolate that has stopped turning. Silence is counted in beats of our own timer, not in time: when this
 * process itself was stopped or asleep for an hour, only one beat has passed, and nobody is accused of it.
 */

/** How often an isolate is looked at within the span that it may be silent. */
const BEATS = 4;

/** A watch that is running. */
export interface Heartbeat {
  /** The isolate has answered the last ping. */
  answered(): void;
  stop(): void;
}

/**
 * Pings now and then; calls `silent` once when a ping has gone unanswered for `hangAfterMs`, which a hang therefore
 * outlasts by up to a quarter. Never keeps a process alive.
 */
export function startHeartbeat(hangAfterMs: number, ping: () => void, silent: () => void): Heartbeat {
  let unansweredBeats: number | undefined;
  const timer = setInterval(
    () => {
      if (unansweredBeats === undefined) {
        unansweredBeats = 0;
        ping();
        return;
      }
      unansweredBeats += 1;
      if (unansweredBeats < BEATS) return;
      clearInterval(timer);
      silent();
    },
    Math.max(1, hangAfterMs / BEATS),
  );
  timer.unref();
  return {
    answered: () => {
      unansweredBeats = undefined;
    },
    stop: () => clearInterval(timer),
  };
}
