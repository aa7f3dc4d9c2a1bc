/** One alarm for whatever is due first. Which of two times comes first is said by what has to pass until then: clocks are set. */
import type { Clock } from "../ports/clock.ts";

export class EarliestAlarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  /** The time it is set for, and what `elapsed` says when it rings at the latest. */
  #set: { readonly at: number; readonly due: number; readonly cancel: () => void } | undefined;

  /** `ring` is to look at the clock: that it rings does not mean that the clock shows the time. */
  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings no later than at `at`, in epoch milliseconds, as an alarm does; never, when that is `Infinity`. */
  by(at: number): void {
    // The same time may seem to be nearer by a fraction of a millisecond.
    if (at === Infinity || at === this.#set?.at) return;
    const due = this.#clock.elapsed() + (at - this.#clock.now());
    if (this.#set !== undefined && this.#set.due <= due) return;
    this.cancel();
    const ring = (): void => {
      this.#set = undefined;
      this.#ring();
    };
    this.#set = { at, due, cancel: this.#clock.alarm(at, ring) };
  }

  /** Does not ring, until it is set again. */
  cancel(): void {
    this.#set?.cancel();
    this.#set = undefined;
  }
}
