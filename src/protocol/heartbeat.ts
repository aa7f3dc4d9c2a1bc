/**
 * Notices an isolate that has stopped turning. Silence is counted in beats of our own timer, not in time: when this
 * process itself was stopped or asleep for an hour, only one beat has passed, and nobody is accused of it.
 */

/** A watch that is running. */
export interface Heartbeat {
  /** The isolate has answered the last ping. */
  answered(): void;
  stop(): void;
}

/**
 * Pings every `beatMs` milliseconds; while a ping goes unanswered it calls `silent` with each beat instead, with the
 * milliseconds since that ping. A hang has lasted up to one beat longer. Never keeps a process alive.
 */
export function startHeartbeat(beatMs: number, ping: () => void, silent: (forMs: number) => void): Heartbeat {
  let unansweredBeats: number | undefined;
  const timer = setInterval(
    () => {
      if (unansweredBeats === undefined) {
        unansweredBeats = 0;
        ping();
        return;
      }
      unansweredBeats += 1;
      silent(unansweredBeats * beatMs);
    },
    Math.max(1, beatMs),
  );
  timer.unref();
  return {
    answered: () => {
      unansweredBeats = undefined;
    },
    stop: () => clearInterval(timer),
  };
}
