/** Time, handed in so that tests can own it. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls `fire` once, at or after `at` (epoch milliseconds). The returned function cancels. Never keeps a process alive. */
  alarm(at: number, fire: () => void): () => void;
  /** Calls `fire` once, after whatever is already waiting to run in this turn. */
  soon(fire: () => void): void;
}
