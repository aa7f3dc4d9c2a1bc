/** What may become of the attempts of a step, or of a rollback handler, which is tried by the same rules. */
import type { DoStep } from "../instance/state.ts";

/** True when an event of this kind may follow what the step is at; `attempt` is the event's, if it has one. */
export function followsPhase(
  step: DoStep,
  type: "attempt_started" | "attempt_completed" | "attempt_errored" | "step_completed" | "step_errored",
  attempt?: number,
): boolean {
  const { is } = step.phase;
  switch (type) {
    case "attempt_started":
      return (is === "started" || is === "delayed") && attempt === step.attempts + 1;
    case "attempt_completed":
    case "attempt_errored":
      return is === "attempting" && attempt === step.attempts;
    case "step_completed":
      return is === "succeeded";
    case "step_errored":
      return is === "failed";
  }
}
