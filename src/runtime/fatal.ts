/** Mistakes in how a step is called. Despite Cloudflare's name for them they can be caught; they are never retried. */
import { revive } from "../model/thrown.ts";

/** The error that user code sees: an `Error` whose message begins with `WorkflowFatalError: `. */
export function fatal(message: string): Error {
  return revive({ name: "WorkflowFatalError", message });
}

/** Waits for ever: what a run that is over gets instead of an answer. */
export function never(): Promise<never> {
  return new Promise(() => {});
}
