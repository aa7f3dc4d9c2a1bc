/** Stops a server on SIGTERM and SIGINT, also while it starts. A second signal ends the process at once. */
import { setImmediate as turn } from "node:timers/promises";
import { Failure } from "../model/failures/failure.ts";

/** How long a start that is no longer wanted may take to end, in milliseconds. */
const GRACE_MS = 5_000;

export class Stopping {
  readonly #controller: AbortController = new AbortController();
  #isStarting = true;

  /** Aborted by the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** True until `started` is called. */
  get isStarting(): boolean {
    return this.#isStarting;
  }

  /** Resolves with the first signal. */
  async asked(): Promise<void> {
    if (this.signal.aborted) return;
    await new Promise((resolve) => this.signal.addEventListener("abort", resolve, { once: true }));
  }

  /** From now on it is the server that ends in an orderly way. */
  started(): void {
    this.#isStarting = false;
  }

  /** A signal has come. */
  ask(): void {
    if (this.signal.aborted) process.exit(130);
    this.#controller.abort(new Failure("shutting_down"));
    // A hang cannot be distinguished from a slow start here. Child processes end with this one.
    if (this.#isStarting) setTimeout(() => process.exit(), GRACE_MS).unref();
  }
}

/** Runs a server. What rejects because it was asked to stop while it started is no error. */
export async function untilStopped(run: (stopping: Stopping) => Promise<void>): Promise<void> {
  const stopping = new Stopping();
  const ask = (): void => stopping.ask();
  process.on("SIGTERM", ask);
  process.on("SIGINT", ask);
  try {
    await run(stopping);
  } catch (cause) {
    // Ctrl-C in a terminal ends child processes, too, and their end may be heard first: two turns of the loop hear the signal.
    await turn();
    await turn();
    if (!stopping.isStarting || !stopping.signal.aborted) throw cause;
  }
}
