/** Data points on their way to the disk: they are written together, a moment after the first of them came. */
import type { Clock } from "../../ports/clock.ts";
import type { DataPoint, DataPointStore } from "../../ports/logs/data-points.ts";
import type { Log } from "../../ports/log.ts";

const DELAY_MS = 1_000;

/** As many are written at once, without waiting longer. */
const MOST = 1_000;

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

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async write(point: Omit<DataPoint, "at">): Promise<void> {
    const { clock } = this.#parts;
    this.#waiting.push({ ...point, at: clock.now() });
    this.#cancel ??= clock.alarm(clock.now() + DELAY_MS, () => void this.#flush());
    if (this.#waiting.length >= MOST) await this.#flush();
  }

  /** The newest of a dataset, newest first. */
  async newest(dataset: string, limit: number): Promise<DataPoint[]> {
    await this.#flush();
    return this.#parts.store.newest(dataset, limit);
  }

  async close(): Promise<void> {
    await this.#flush();
    await this.#parts.store.close();
  }

  /** Never rejects: points that cannot be written are lost. */
  async #flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    const points = this.#waiting;
    this.#waiting = [];
    try {
      await this.#parts.store.add(points);
    } catch (cause) {
      this.#parts.log.warn("Data points could not be written", { points: points.length, detail: String(cause) });
    }
  }
}
