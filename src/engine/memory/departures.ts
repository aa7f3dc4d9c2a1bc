/**
 * The runs that were asked to leave memory and are still there. While many are, others are kept from beginning for a moment:
 * they would overtake those that leave, and a burst of instances that soon wait would fill memory however few may stay.
 */
import type { Clock } from "../../ports/clock.ts";
import type { Live } from "../state/live.ts";

/**
 * How long after the last one was asked, in milliseconds: nearly all leave at once, and for the few that are kept by what they
 * have left to `waitUntil` the others do not wait.
 */
const HELD_MS = 1_000;

export class Departures {
  readonly #clock: Pick<Clock, "now" | "elapsed" | "alarm">;
  /** From more than so many on others are held back. */
  readonly #many: number;
  /** When each was asked, by `elapsed`, in that order. */
  readonly #asked: Map<Live, number> = new Map();
  #lastAsked = -Infinity;
  #waiting: (() => void)[] = [];
  #cancel: (() => void) | undefined;

  /** `maxIdle` instances that only wait may be in memory. */
  constructor(clock: Pick<Clock, "now" | "elapsed" | "alarm">, maxIdle: number) {
    this.#clock = clock;
    this.#many = maxIdle >> 2;
  }

  /** The run of the instance has been asked to leave. */
  add(live: Live): void {
    this.#lastAsked = this.#clock.elapsed();
    this.#asked.set(live, this.#lastAsked);
  }

  /** It has left, or is to stay. */
  delete(live: Live): void {
    if (this.#asked.delete(live) && this.#asked.size === this.#many) this.#letIn();
  }

  /** When the one that was asked first was, by `elapsed`; undefined when there is none. */
  get first(): number | undefined {
    const [first] = this.#asked.values();
    return first;
  }

  /** Takes out the instances that were asked at `at` or before, by `elapsed`. */
  takeUpTo(at: number): Live[] {
    const late: Live[] = [];
    for (const [live, asked] of this.#asked) {
      if (asked > at) break;
      late.push(live);
    }
    for (const live of late) this.delete(live);
    return late;
  }

  /** Undefined when a run may begin now; otherwise resolves when it may, within a second. */
  room(): Promise<void> | undefined {
    const leftMs = this.#lastAsked + HELD_MS - this.#clock.elapsed();
    if (this.#asked.size <= this.#many || leftMs <= 0) return undefined;
    this.#cancel ??= this.#clock.alarm(this.#clock.now() + leftMs, () => this.#letIn());
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** No run is held back any more. */
  close(): void {
    this.#asked.clear();
    this.#letIn();
  }

  #letIn(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    for (const go of this.#waiting.splice(0)) go();
  }
}
