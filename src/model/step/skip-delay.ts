/**
 * Skipping a delay: a sleep, or the delay before a step's next attempt. It is recorded, so that a replay knows why the timer
 * was early; from then on the step is due like any other, and waits for a place like any other. Pure.
 */
import type { Decision } from "../instance/command.ts";
import type { DelaySkipped } from "../instance/events.ts";
import { dueAt } from "../instance/due.ts";
import type { InstanceState } from "../instance/state.ts";
import { stepId, type StepKey } from "./step.ts";

/** Decides about it: nothing happens to what is due already, and what is not delayed is refused. */
export function skipDelay({ status, byId, open }: InstanceState, { kind, name, count }: StepKey, now: number): Decision {
  const step = byId.get(stepId(kind, name, count));
  const due = step !== undefined && open.has(step) ? dueAt(step) : undefined;
  if (due === undefined || kind === "waitForEvent" || (status !== "waiting" && status !== "running")) {
    return { refused: "instance.not_delayed" };
  }
  return { events: due <= now ? [] : [{ type: "delay_skipped", kind, name, count }] };
}

/** Folds it into the state. */
export function evolveDelay({ byId }: InstanceState, { kind, name, count }: DelaySkipped, timestamp: number): void {
  const step = byId.get(stepId(kind, name, count));
  if (step?.kind === "sleep") step.dueAt = timestamp;
  else if (step?.kind === "do" && step.phase.is === "delayed") step.phase = { is: "delayed", dueAt: timestamp };
}
