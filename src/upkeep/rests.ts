/** Waits for a time, which can all be cut short: whatever closes does not wait for them. */
import type { Clock } from "../ports/clock.ts";

export class Rests {
  readonly #clock: Clock;
  readonly #ends: Set<() => void> = new Set();
  #over = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves at `at`, in epoch milliseconds, or when rests are ended. */
  until(at: number): Promise<void> {
    if (this.#over) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#clock.alarm(at, resolve);
    const end = (): void => {
      cancel();
      resolve();
    };
    this.#ends.add(end);
    return promise.finally(() => this.#ends.delete(end));
  }

  /** Ends those that there are, and later ones at once. */
  end(): void {
    this.#over = true;
    for (const end of this.#ends) end();
  }
}
