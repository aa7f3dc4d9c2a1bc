/**
 * A replay that executes nothing: `run` is called only for its steps to tell their rollback handlers. Steps that have an
 * outcome give it; those that have none give `undefined` at once — as on Cloudflare, except for those that come when
 * everything the journal knows has been recalled. Beyond that point user code would run for the first time, with values that
 * it does not expect: there, steps never settle.
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
