/**
 * Notices an isolate that has stopped turning. Silence is counted in beats of our own timer, not in time: when this
 * process itself was stopped or asleep for an hour, only one beat has passed, and no isolate is blamed for it.
 */

/** How often an isolate is asked within the span that it may be silent. */
const BEATS = 4;

/** A watch that is running. */
export interface Heartbeat {
  /** The isolate has answered the last ping. */
  answered(): void;
  stop(): void;
}

/**
 * Pings four times within `spanMs` milliseconds; while a ping goes unanswered it calls `silent` with each beat instead, with the
 * milliseconds since that ping. A hang has lasted up to one beat longer. Beats in which `isExcused` do not count: something
 * else keeps the isolate from answering. Never keeps a process alive.
 */
export function startHeartbeat(
  spanMs: number,
  ping: () => void,
  silent: (forMs: number) => void,
  isExcused: () => boolean = () => false,
): Heartbeat {
  const beatMs = spanMs / BEATS;
  let unansweredBeats: number | undefined;
  const timer = setInterval(
    () => {
      if (unansweredBeats === undefined) {
        unansweredBeats = 0;
        ping();
        return;
      }
      if (isExcused()) return;
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
