/**
 * Data points on their way to the disk: they are written together, a moment after the first of them came. While the disk takes none they
 * wait, as many as memory allows; of more the oldest are lost, and counted.
 */
import type { Clock } from "../../ports/clock.ts";
import type { DataPoint, DataPointStore } from "../../ports/logs/data-points.ts";
import type { Log } from "../../ports/log.ts";

const DELAY_MS = 1_000;

/** As many are written at once, without waiting longer. */
const MOST = 1_000;

/** As many wait while they cannot be written. */
const MOST_WAITING = 2_000;

/** How often the log has it that they cannot be written, in milliseconds. */
const LOG_MS = 30_000;

interface Parts {
  readonly store: DataPointStore;
  readonly clock: Clock;
  readonly log: Log;
}

/** The data points of a server. */
export class DataPoints {
  readonly #parts: Parts;
  #waiting: DataPoint[] = [];
  #cancel: (() => void) | undefined;
  /** Since points cannot be written. */
  #failing: { lost: number; loggedAt: number } | undefined;
  #isClosed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async write(point: Omit<DataPoint, "at">): Promise<void> {
    // Workers end after this; what has been closed stays closed.
    if (this.#isClosed) return;
    this.#waiting.push({ ...point, at: this.#parts.clock.now() });
    this.#schedule();
    if (this.#failing !== undefined) this.#bound(this.#failing);
    else if (this.#waiting.length >= MOST) await this.#flush();
  }

  /** The newest of a dataset, newest first. */
  async newest(dataset: string, limit: number): Promise<DataPoint[]> {
    await this.#flush();
    return this.#parts.store.newest(dataset, limit);
  }

  async close(): Promise<void> {
    await this.#flush();
    this.#isClosed = true;
    this.#cancel?.();
    const lost = this.#waiting.length + (this.#failing?.lost ?? 0);
    if (lost > 0) this.#parts.log.warn("Data points are lost", { points: lost });
    await this.#parts.store.close();
  }

  /** Never rejects. */
  async #flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    const points = this.#waiting;
    this.#waiting = [];
    try {
      await this.#parts.store.add(points);
    } catch (cause) {
      this.#waiting.unshift(...points);
      this.#failed(String(cause));
      return;
    }
    if (this.#failing === undefined) return;
    this.#parts.log.warn("Data points are written again", { lost: this.#failing.lost });
    this.#failing = undefined;
  }

  #failed(detail: string): void {
    const { clock, log } = this.#parts;
    const failing = (this.#failing ??= { lost: 0, loggedAt: -Infinity });
    this.#bound(failing);
    this.#schedule();
    if (clock.now() - failing.loggedAt < LOG_MS) return;
    failing.loggedAt = clock.now();
    log.warn("Data points could not be written", { points: this.#waiting.length, lost: failing.lost, detail });
  }

  #bound(failing: { lost: number }): void {
    failing.lost += this.#waiting.splice(0, this.#waiting.length - MOST_WAITING).length;
  }

  #schedule(): void {
    const { clock } = this.#parts;
    this.#cancel ??= clock.alarm(clock.now() + DELAY_MS, () => void this.#flush());
  }
}
