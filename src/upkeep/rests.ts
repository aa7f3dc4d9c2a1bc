/** Waits for a while, which can all be cut short: whatever closes does not wait for them. */
import type { Clock } from "../ports/clock.ts";

export class Rests {
  readonly #clock: Clock;
  readonly #ends: Set<() => void> = new Set();
  #over = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves after so many milliseconds, or when rests are ended. */
  rest(ms: number): Promise<void> {
    if (this.#over) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#clock.alarm(this.#clock.now() + ms, resolve);
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
