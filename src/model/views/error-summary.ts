/**
 * What a list shows of an instance that has ended with an error: kept beside the instance when it ends, so that errors are
 * found and grouped without a look into journals.
 */
import type { EventBody } from "../instance/events.ts";
import type { ErrorInfo } from "../values/error-info.ts";
import { fingerprint } from "./fingerprint.ts";
import type { InstanceState, StepState } from "../instance/state.ts";
import { LIMITS } from "../limits.ts";

/** The error of an instance, in short. */
export interface ErrorSummary extends ErrorInfo {
  /** The name of the step that threw it; null when the code beside the steps did. */
  readonly step: string | null;
  /** The function that threw it; null when it has no name. */
  readonly frame: string | null;
  /** What errors of its kind have in common; see `fingerprint.ts`. */
  readonly fingerprint: string;
}

/** The error that an instance has just ended with, given what has just been recorded; undefined when it has not. */
export function errorSummary(state: InstanceState, recorded: readonly (EventBody | number)[]): ErrorSummary | undefined {
  if (state.status !== "errored") return undefined;
  const end = recorded.findLast((each) => typeof each === "object" && each.type === "workflow_errored");
  if (end === undefined || typeof end === "number" || end.type !== "workflow_errored") return undefined;
  const behind = stepBehind(state, end.error);
  const step = behind?.name ?? null;
  // What a step threw is made anew where it is caught: only the step knows where it came from.
  const frame = (behind === undefined ? end.frame : frameIn(behind)) ?? null;
  const { name, message } = end.error;
  return {
    name: name.slice(0, LIMITS.errorName),
    message: message.slice(0, LIMITS.errorMessage),
    step,
    frame,
    fingerprint: fingerprint(end.error, step, frame),
  };
}

/** The name under which an uncaught error that must not be retried arrives; its own message is lost then. */
const FATAL = "WorkflowFatalError";

/** The last step that failed with this error. An error that user code has made anew from a step's is its own. */
function stepBehind({ steps }: InstanceState, { name, message }: ErrorInfo): StepState | undefined {
  return steps.findLast((each) => {
    if (each.kind === "waitForEvent") return each.timedOut && message.includes(each.name);
    return each.kind === "do" && each.phase.is === "errored" && (name === FATAL || sameError(each.phase.error.message, message));
  });
}

function frameIn(step: StepState): string | undefined {
  return step.kind === "do" && step.phase.is === "errored" ? step.phase.frame : undefined;
}

/** A class that does not survive a boundary has its name folded into its message. */
function sameError(ofStep: string, ofInstance: string): boolean {
  return ofInstance === ofStep || ofInstance.endsWith(`: ${ofStep}`);
}
