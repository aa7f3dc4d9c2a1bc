/** Starts a process again after it has ended. The rest before that doubles with each start that fails. */

/** The longest rest, in milliseconds. */
const LONGEST_MS = 60_000;

export class Restart {
  readonly #firstMs: number;
  readonly #closing: AbortSignal;
  readonly #start: () => void;
  #timer: NodeJS.Timeout | undefined;
  /** Starts that have failed since the last one that has not. */
  #failures = 0;

  /** `firstMs` is the rest when no start has failed. Nothing is started once `closing` is aborted. */
  constructor(firstMs: number, closing: AbortSignal, start: () => void) {
    this.#firstMs = firstMs;
    this.#closing = closing;
    this.#start = start;
    closing.addEventListener("abort", () => clearTimeout(this.#timer), { once: true });
  }

  /** It has started. */
  succeeded(): void {
    this.#failures = 0;
  }

  /** It has not started, and is started later. */
  failed(): void {
    this.#failures += 1;
    this.later();
  }

  /** Starts it after a rest. */
  later(): void {
    if (this.#closing.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#start, Math.min(this.#firstMs * 2 ** this.#failures, LONGEST_MS));
  }
}
