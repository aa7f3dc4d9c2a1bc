/**
 * Work that is found by looking, not by notification: one look at a time, and one time of the next. A look returns when the
 * next one makes sense; events in between only make it earlier. So missed work is always found later, and a failed look is
 * repeated, ever less often, until it works.
 */
import type { Clock } from "../ports/clock.ts";
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
  #alarm: { readonly at: number; readonly cancel: () => void } | undefined;
  /** Also while a look has not come to its first wait: it may ask for another. */
  #isLooking = false;
  #looking: Promise<void> = Promise.resolve();
  /** The earliest time requested while a look was running, which may have looked there already. */
  #wanted = Infinity;
  /** After a failure, when to try again. */
  #notBefore = -Infinity;
  #closed = false;

  constructor(parts: RecurringLookParts) {
    this.#parts = parts;
    this.#outage = new Outage(parts);
  }

  /** Looks as soon as it makes sense: at once, unless a look is running or has just failed. */
  now(): void {
    this.by(-Infinity);
  }

  /** The next look comes no later than at `at`, in epoch milliseconds. */
  by(at: number): void {
    if (this.#isLooking) this.#wanted = Math.min(this.#wanted, at);
    else this.#arm(at);
  }

  /** Looks no more. Resolves when the running look is over. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#alarm?.cancel();
    this.#alarm = undefined;
    await this.#looking;
  }

  #arm(wanted: number): void {
    const at = Math.max(wanted, this.#notBefore);
    if (this.#closed || at === Infinity || (this.#alarm !== undefined && this.#alarm.at <= at)) return;
    this.#alarm?.cancel();
    this.#alarm = undefined;
    const { clock } = this.#parts;
    if (at <= clock.now()) this.#begin();
    else this.#alarm = { at, cancel: clock.alarm(at, () => this.#begin()) };
  }

  #begin(): void {
    this.#alarm = undefined;
    if (this.#closed || this.#isLooking) return;
    this.#isLooking = true;
    this.#wanted = Infinity;
    this.#looking = this.#look().then((at) => {
      this.#isLooking = false;
      this.#follow(Math.min(at, this.#wanted));
    });
  }

  /** A look right after another leaves a turn to everything else: two that ask for each other may not hold up the rest. */
  #follow(at: number): void {
    const { clock } = this.#parts;
    if (at <= clock.now()) clock.soon(() => this.now());
    else this.#arm(at);
  }

  async #look(): Promise<number> {
    try {
      const next = await this.#parts.look();
      this.#outage.over();
      this.#notBefore = -Infinity;
      return next;
    } catch (cause) {
      // A failure during shutdown is not reported.
      if (!this.#closed) this.#notBefore = this.#outage.failed(cause);
      return this.#notBefore;
    }
  }
}
