/**
 * A time in which something fails again and again: when to try next, and what the log says of it. A line when it begins, one
 * every half minute while it lasts, and one when it is over, however often it is tried meanwhile. Outages that follow one another
 * within half a minute share these lines.
 */
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";

/** What an outage is reported with. */
export interface OutageParts {
  readonly clock: Pick<Clock, "elapsed">;
  readonly log: Log;
  /** The line that says that it fails. */
  readonly fails: string;
  /** The line that says that it works again. */
  readonly works: string;
  /** The delay after the first failure, and the longest, in milliseconds. It doubles in between. */
  readonly leastMs: number;
  readonly mostMs: number;
}

/** How often a lasting outage is logged again, in milliseconds. */
const REMIND_MS = 30_000;

/** After so many successes in a row the outage is over, and a failure begins another. Until then delays go on where they were. */
const STEADY = 3;

export class Outage {
  readonly #parts: OutageParts;
  #since: number | undefined;
  #tries = 0;
  #delayMs = 0;
  /** How often it has worked in a row, as far as that matters. */
  #worked = STEADY;
  #remindAt = -Infinity;
  /** Outages since the last line that reported one. */
  #outages = 0;
  /** True when the last line says that it fails. */
  #isReported = false;

  constructor(parts: OutageParts) {
    this.#parts = parts;
  }

  /** True from a failure on until `over`. */
  get isOn(): boolean {
    return this.#since !== undefined;
  }

  /** It has failed. Answers how long to wait until it is tried again, in milliseconds. */
  failed(cause: unknown): number {
    const { clock, log, fails, leastMs, mostMs } = this.#parts;
    const now = clock.elapsed();
    if (this.#since === undefined) {
      this.#since = now;
      this.#tries = 0;
      this.#outages += 1;
    }
    this.#worked = 0;
    this.#tries += 1;
    this.#delayMs = Math.min(mostMs, Math.max(leastMs, this.#delayMs * 2));
    if (now >= this.#remindAt) {
      log.error(fails, {
        reason: String(cause),
        tries: this.#tries,
        forMs: Math.round(now - this.#since),
        outages: this.#outages,
      });
      this.#remindAt = now + REMIND_MS;
      this.#outages = 0;
      this.#isReported = true;
    }
    return this.#delayMs;
  }

  /** It has worked. To be called each time. */
  over(): void {
    if (this.#worked < STEADY) {
      this.#worked += 1;
      if (this.#worked === STEADY) this.#delayMs = 0;
    }
    if (this.#since === undefined) return;
    const { clock, log, works } = this.#parts;
    if (this.#isReported) log.info(works, { tries: this.#tries, afterMs: Math.round(clock.elapsed() - this.#since) });
    this.#isReported = false;
    this.#since = undefined;
  }
}
