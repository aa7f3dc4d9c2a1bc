/**
 * When the attempts of a run are late. One timer serves them all, and is left as it is when an attempt ends in time: most
 * do, with minutes to spare, and to set and clear a timer for each would cost more than a short step does.
 */

/** The longest delay that timers take, in milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export class Deadlines {
  /** Moments on the clock of `performance`, by what is to be called then. */
  readonly #due: Map<() => void, number> = new Map();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer fires, or infinity. */
  #firesAt = Infinity;

  /** Calls `late` once so many milliseconds have passed, unless it is met before. */
  set(ms: number, late: () => void): void {
    const at = performance.now() + ms;
    this.#due.set(late, at);
    if (at < this.#firesAt) this.#arm(at, ms);
  }

  /** What was to be done in time has been done. */
  meet(late: () => void): void {
    this.#due.delete(late);
  }

  /** Keeps no timer while there is no deadline. */
  rest(): void {
    if (this.#due.size === 0) this.#disarm();
  }

  /** No deadline matters any more. */
  end(): void {
    this.#due.clear();
    this.#disarm();
  }

  #arm(at: number, ms: number): void {
    this.#disarm();
    this.#firesAt = at;
    this.#timer = setTimeout(() => this.#fire(), Math.min(ms, MAX_TIMER_MS));
  }

  #disarm(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#firesAt = Infinity;
  }

  #fire(): void {
    this.#firesAt = Infinity;
    const now = performance.now();
    let next = Infinity;
    for (const [late, at] of this.#due) {
      if (at > now) next = Math.min(next, at);
      else if (this.#due.delete(late)) late();
    }
    // Timers may fire a little early.
    if (next < this.#firesAt) this.#arm(next, Math.max(1, Math.ceil(next - now)));
  }
}
