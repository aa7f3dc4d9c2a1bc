/**
 * Work that is found by looking, not by notification: one look at a time, and one time of the next. A look returns when the
 * next one makes sense; events in between only make it earlier. So missed work is always found later, and a failed look is
 * repeated, ever less often, until it works.
 */
import type { Clock } from "../ports/clock.ts";
import { EarliestAlarm } from "./earliest-alarm.ts";
import { Outage, type OutageParts } from "./outage.ts";

/** What looks are made with. */
export interface RecurringLookParts extends OutageParts {
  readonly clock: Clock;
  /** Does the work that is due. Returns when to look next, in epoch milliseconds; `Infinity` when nothing is expected. */
  readonly look: () => Promise<number>;
}

export class RecurringLook {
  readonly #parts: RecurringLookParts;
  /** Reports looks that fail, and says when to try again. */
  readonly #outage: Outage;
  readonly #alarm: EarliestAlarm;
  /** Also while a look has not come to its first wait: it may ask for another. */
  #isLooking = false;
  #looking: Promise<void> = Promise.resolve();
  /** Another look became due while this one was running, which may have looked there already. */
  #isDueAgain = false;
  /** After a failure, what `elapsed` says when to try again. */
  #notBefore = -Infinity;
  #closed = false;

  constructor(parts: RecurringLookParts) {
    this.#parts = parts;
    this.#outage = new Outage(parts);
    this.#alarm = new EarliestAlarm(parts.clock, () => this.now());
  }

  /** Looks as soon as it makes sense: at once, unless a look is running or has just failed. */
  now(): void {
    if (this.#closed) return;
    const { clock } = this.#parts;
    const restMs = this.#notBefore - clock.elapsed();
    if (this.#isLooking) this.#isDueAgain = true;
    else if (restMs > 0) this.#alarm.by(clock.now() + restMs);
    else this.#begin();
  }

  /** The next look comes no later than at `at`, in epoch milliseconds. */
  by(at: number): void {
    if (this.#closed) return;
    if (at <= this.#parts.clock.now()) this.now();
    else this.#alarm.by(at);
  }

  /** Looks no more. Resolves when the running look is over. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#alarm.cancel();
    await this.#looking;
  }

  /** The look says itself when the next one comes, unless it is requested meanwhile. */
  #begin(): void {
    this.#isLooking = true;
    this.#isDueAgain = false;
    this.#alarm.cancel();
    this.#looking = this.#look().then((at) => {
      this.#isLooking = false;
      this.#follow(at);
    });
  }

  /** A look right after another leaves a turn to everything else: two that ask for each other may not hold up the rest. */
  #follow(at: number): void {
    const { clock } = this.#parts;
    if (this.#isDueAgain || at <= clock.now()) clock.soon(() => this.now());
    else this.by(at);
  }

  async #look(): Promise<number> {
    try {
      const next = await this.#parts.look();
      this.#outage.over();
      this.#notBefore = -Infinity;
      return next;
    } catch (cause) {
      // A failure during shutdown is not reported.
      if (this.#closed) return Infinity;
      const { clock } = this.#parts;
      const restMs = this.#outage.failed(cause);
      this.#notBefore = clock.elapsed() + restMs;
      return clock.now() + restMs;
    }
  }
}
