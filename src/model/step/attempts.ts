/** What may become of the attempts of a step, or of a rollback handler, which is tried by the same rules. */
import type { DoStep, InstanceState, Stamp } from "../instance/state.ts";
import type { DoEvent, EventBody, RollbackStepEvent } from "../instance/events.ts";
import { addLoss, endRow } from "../instance/loss.ts";

/** True when an event of this kind may follow what the step is at; `attempt` is the event's, if it has one. */
export function followsPhase(step: DoStep, type: DoEvent["type"] | RollbackStepEvent["type"], attempt?: number): boolean {
  const { is } = step.phase;
  switch (type) {
    case "step_started":
    case "rollback_step_started":
      return false;
    case "attempt_started":
    case "rollback_attempt_started":
      return (is === "started" || is === "delayed") && attempt === step.attempts + 1;
    case "attempt_completed":
    case "attempt_errored":
    case "rollback_attempt_completed":
    case "rollback_attempt_errored":
      return is === "attempting" && attempt === step.attempts;
    case "step_completed":
    case "rollback_step_completed":
      return is === "succeeded";
    case "step_errored":
      return is === "failed";
    case "rollback_step_errored":
      // A handler that is no longer to be found fails without having been tried.
      return is !== "attempting" && is !== "succeeded";
  }
}

type AttemptEvent = Extract<EventBody, { type: `${"" | "rollback_"}attempt_${string}` }>;

/** Folds an event of an attempt into the step, or into the handler in the form of one. */
export function evolveAttempt(step: DoStep, event: AttemptEvent, { eventId, timestamp }: Stamp): void {
  switch (event.type) {
    case "attempt_started":
    case "rollback_attempt_started":
      step.attempts = event.attempt;
      step.phase = { is: "attempting", stream: eventId, since: timestamp };
      return;
    case "attempt_completed":
    case "rollback_attempt_completed":
      if (step.phase.is === "attempting") step.phase = { is: "succeeded", stream: step.phase.stream };
      return;
    case "attempt_errored":
    case "rollback_attempt_errored": {
      const { error, lost, retryDelayMs } = event;
      const frame = "frame" in event && event.frame !== undefined ? { frame: event.frame } : undefined;
      step.lost = lost === undefined ? endRow(step.lost) : addLoss(step.lost, lost);
      step.phase =
        retryDelayMs === undefined ? { is: "failed", error, ...frame } : { is: "delayed", dueAt: timestamp + retryDelayMs };
    }
  }
}

/** What is lost from now on was got to: it is no row of losses any more. */
export function startsSomething(state: InstanceState): void {
  state.recoveries = 0;
  state.sharedRecoveries = 0;
}
