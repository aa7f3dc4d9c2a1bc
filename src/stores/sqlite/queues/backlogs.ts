/** How much each queue holds, counted once and then kept with every change: a count over all messages would cost each send. */
import type { Queries } from "../connection/queries.ts";

interface Held {
  readonly count: number;
  readonly bytes: number;
}

const COUNT = "SELECT count(*) AS n, total(bytes) AS bytes FROM messages WHERE queue = ?";

export class Backlogs {
  readonly #held: Map<string, Held> = new Map();

  of(queries: Queries, queue: string): Held {
    let held = this.#held.get(queue);
    if (held === undefined) {
      const row = queries.one(COUNT, queue);
      held = { count: Number(row?.["n"]), bytes: Number(row?.["bytes"]) };
      this.#held.set(queue, held);
    }
    return held;
  }

  /** After the change: what has not been counted yet will be counted with it. */
  add(queue: string, count: number, bytes: number): void {
    const held = this.#held.get(queue);
    if (held !== undefined) this.#held.set(queue, { count: held.count + count, bytes: held.bytes + bytes });
  }

  forget(queue: string): void {
    this.#held.delete(queue);
  }

  /** What was to be written has not been. */
  forgetAll(): void {
    this.#held.clear();
  }
}
