/**
 * A time in which something fails again and again: when to try next, and what the log says of it. A line when it begins, one
 * every half minute while it lasts, and one when it is over, however often it is tried meanwhile.
 */
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";

/** What an outage is reported with. */
export interface OutageParts {
  readonly clock: Pick<Clock, "now">;
  readonly log: Log;
  /** The line that says that it fails. */
  readonly fails: string;
  /** The line that says that it works again. */
  readonly works: string;
  /** The delay after the first failure, and the longest, in milliseconds. It doubles in between. */
  readonly leastMs: number;
  readonly mostMs: number;
}

/** How often the log is told that it still fails, in milliseconds. */
const REMIND_MS = 30_000;

/** An outage that begins so soon after another is the same trouble: delays go on where they were. In milliseconds. */
const SAME_TROUBLE_MS = 30_000;

export class Outage {
  readonly #parts: OutageParts;
  #since: number | undefined;
  #tries = 0;
  #delayMs = 0;
  #failedAt = -Infinity;
  #remindAt = 0;

  constructor(parts: OutageParts) {
    this.#parts = parts;
  }

  /** True from a failure on until `over`. */
  get isOn(): boolean {
    return this.#since !== undefined;
  }

  /** It has failed. Answers when to try again, in epoch milliseconds. */
  failed(cause: unknown): number {
    const { clock, log, fails, leastMs, mostMs } = this.#parts;
    const now = clock.now();
    if (this.#since === undefined) {
      this.#since = now;
      this.#tries = 0;
      this.#remindAt = now;
      if (now - this.#failedAt > SAME_TROUBLE_MS) this.#delayMs = 0;
    }
    this.#failedAt = now;
    this.#tries += 1;
    this.#delayMs = Math.min(mostMs, Math.max(leastMs, this.#delayMs * 2));
    if (now >= this.#remindAt) {
      this.#remindAt = now + REMIND_MS;
      log.error(fails, { reason: String(cause), tries: this.#tries, forMs: now - this.#since });
    }
    return now + this.#delayMs;
  }

  /** It has worked. */
  over(): void {
    if (this.#since === undefined) return;
    const { clock, log, works } = this.#parts;
    log.info(works, { tries: this.#tries, afterMs: clock.now() - this.#since });
    this.#since = undefined;
  }
}
