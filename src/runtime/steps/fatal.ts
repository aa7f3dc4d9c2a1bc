/** Mistakes in how a step is called. Despite Cloudflare's name for them they can be caught; they are never retried. */
import { revive } from "../../model/values/thrown.ts";
import { settleable } from "../run/settleable.ts";

/** The error that user code sees: an `Error` whose message begins with `WorkflowFatalError: `. */
export function fatal(message: string): Error {
  return revive({ name: "WorkflowFatalError", message });
}

/** A configuration of a step, or of its rollback, that breaks the rules. */
export function invalidConfig(of: "Step" | "Rollback", name: string): Error {
  return fatal(
    `${of} config for "${name}" is in a invalid format. See https://developers.cloudflare.com/workflows/build/sleeping-and-retrying/`,
  );
}

/** The answer to steps that are called while others are being undone. */
export function duringRollback(): Error {
  return fatal("Cannot execute steps during rollback phase");
}

/** Waits for ever: what a run that is over gets instead of an answer. */
export function never(): Promise<never> {
  return settleable<never>().promise;
}
