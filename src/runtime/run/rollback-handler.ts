/** The handlers that undo steps. */
import type { ParsedConfig } from "../../model/step/config.ts";
import type { AttemptContext } from "../steps/attempt-context.ts";

/** The argument of a handler. */
interface RollbackContext {
  readonly ctx: AttemptContext;
  /** Why the instance ends. */
  readonly error: Error;
  /** What the step returned; undefined also when it did not get that far. */
  readonly output: unknown;
  /** The step's name with its counter. */
  readonly stepName: string;
}

/** A handler that `step.do` was given, and how it is to be tried. */
export interface RollbackHandler extends ParsedConfig {
  readonly undo: (context: RollbackContext) => unknown;
}
