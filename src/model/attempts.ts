/** What may become of the attempts of a step, or of a rollback handler, which is tried by the same rules. */
import type { ErrorInfo } from "./events.ts";
import type { DoStep } from "./instance.ts";
import { mayRetry, retryDelayMs } from "./retry.ts";

/** Delay before the retry of an attempt that was lost, when the step's own delay is a function that cannot be asked. */
const LOST_ATTEMPT_DELAY_MS = 1_000;

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

/** How an attempt failed that was under way when its process or thread was lost. */
export interface LostAttempt {
  readonly attempt: number;
  readonly error: ErrorInfo;
  /** Absent when no retry follows. */
  readonly retryDelayMs?: number;
}

/** Undefined when none was under way. */
export function lostAttempt({ phase, config, attempts: attempt }: DoStep): LostAttempt | undefined {
  if (phase.is !== "attempting") return undefined;
  const error = { name: "WorkflowInternalError", message: "Attempt failed due to internal workflows error" };
  if (!mayRetry(config, attempt)) return { attempt, error };
  const delay = config.retries.delay === "[dynamic]" ? LOST_ATTEMPT_DELAY_MS : retryDelayMs(config, attempt);
  return { attempt, error, retryDelayMs: delay };
}
