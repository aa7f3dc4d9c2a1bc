/** Time, handed in so that tests can own it. */
export interface Clock {
  /** What the clock shows, in epoch milliseconds. It may be set, back and forward. */
  now(): number;
  /** Milliseconds since some moment: what has passed, whatever the clock is set to. Never goes back. */
  elapsed(): number;
  /**
   * Calls `fire` once: when the clock shows `at` (epoch milliseconds), or when as much time has passed as there was until `at`,
   * whichever comes first. A clock that is set back makes no wait longer; who needs the clock to show `at` looks at it in `fire`.
   * The returned function cancels. Never keeps a process alive.
   */
  alarm(at: number, fire: () => void): () => void;
  /** Calls `fire` once, after whatever is already waiting to run in this turn. */
  soon(fire: () => void): void;
}
