/**
 * Lets so much be done in one turn of the event loop, and the rest in those that follow. What a thousand instances have to do
 * at once, after a host was lost, say, would otherwise keep everything else waiting: above all the first of them.
 */
import type { Clock } from "../../ports/clock.ts";

/** How many may go on in one turn. */
const AT_ONCE = 32;

export class Turns {
  readonly #clock: Pick<Clock, "soon">;
  #left: number = AT_ONCE;
  #waiting: (() => void)[] = [];
  #scheduled = false;

  constructor(clock: Pick<Clock, "soon">) {
    this.#clock = clock;
  }

  /** Resolves when it is one's turn; undefined when that is now. In the order of asking. */
  take(): Promise<void> | undefined {
    this.#schedule();
    if (this.#left > 0) {
      this.#left -= 1;
      return undefined;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.soon(() => {
      this.#scheduled = false;
      const next = this.#waiting.splice(0, AT_ONCE);
      this.#left = AT_ONCE - next.length;
      for (const go of next) go();
      if (this.#waiting.length > 0) this.#schedule();
    });
  }
}
