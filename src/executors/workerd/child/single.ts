/** One process at a time: started by the first use, and again when it has ended. The rest before that doubles with each start that fails. */

/** The longest rest, in milliseconds. */
const LONGEST_MS = 60_000;

/** A process, as far as that matters. */
interface Ending {
  /** Resolves when its end is known. */
  readonly ended: Promise<unknown>;
  /** Ends it, if it has not ended. Resolves when it is gone, which may be later than `ended`. */
  close(): Promise<void>;
}

/** What it is made of. */
export interface SingleParts<P> {
  readonly start: () => Promise<P>;
  /** How long after an end, or the first start that fails, it is started again, in milliseconds. */
  readonly againMs: number;
  /** False while there is no need of it but for callers of `acquire`. */
  readonly isNeeded: () => boolean;
  /** A start has failed. */
  readonly onFailed: (cause: unknown) => void;
  /** No process is started once this is aborted. */
  readonly closing: AbortSignal;
}

export class Single<P extends Ending> {
  readonly #parts: SingleParts<P>;
  #current: Promise<P> | undefined;
  /** The one before is gone, not just given up: both would have the same files open. */
  #left: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  /** Starts that have failed since the last one that has not. */
  #failures = 0;

  constructor(parts: SingleParts<P>) {
    this.#parts = parts;
  }

  /** The process. Rejects as its start does, and with the reason of `closing`. */
  async acquire(): Promise<P> {
    this.#parts.closing.throwIfAborted();
    return (this.#current ??= this.#start());
  }

  /** Starts it if it is needed. A failure is repeated until it works. */
  startIfNeeded(): void {
    if (!this.#parts.closing.aborted && this.#parts.isNeeded()) void this.acquire().catch(() => undefined);
  }

  /** To be called once `closing` is aborted. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await (await this.#current?.catch(() => undefined))?.close();
    await this.#left;
  }

  async #start(): Promise<P> {
    const { closing, onFailed } = this.#parts;
    await this.#left;
    try {
      const process = await this.#parts.start();
      this.#failures = 0;
      void process.ended.then(() => {
        this.#left = process.close();
        this.#over();
      });
      return process;
    } catch (cause) {
      this.#failures += 1;
      this.#over();
      closing.throwIfAborted();
      onFailed(cause);
      throw cause;
    }
  }

  #over(): void {
    this.#current = undefined;
    const { closing, againMs } = this.#parts;
    clearTimeout(this.#timer);
    if (!closing.aborted)
      this.#timer = setTimeout(() => this.startIfNeeded(), Math.min(againMs * 2 ** this.#failures, LONGEST_MS));
  }
}
