/**
 * A replay that executes nothing: `run` is called only to learn the rollback handlers of its steps. A step with an outcome
 * resolves to it; one without resolves to `undefined` at once. So does Cloudflare, but here steps after the end of the
 * journal never settle: user code would run there for the first time, with values that it does not expect.
 */
import { never } from "../steps/fatal.ts";
import type { Run } from "./run.ts";
import { settleable } from "./settleable.ts";

export class Replay {
  readonly #run: Run;
  readonly #over: PromiseWithResolvers<void> = settleable();
  #skipped = 0;

  constructor(run: Run) {
    this.#run = run;
  }

  /** Resolves when there is nothing more to be found, though the user's `run` may not have returned. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** The run has handed out all that the journal knows. */
  recalled(): void {
    this.#over.resolve();
  }

  /** What a step without an outcome gives. Code that has changed may loop here, so there is a limit. */
  skip(): Promise<never> | undefined {
    this.#skipped += 1;
    if (!this.#run.history.isRecalled && this.#skipped <= this.#run.start.options.maxSteps) return undefined;
    this.#over.resolve();
    return never();
  }
}
