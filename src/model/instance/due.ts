/** When an instance goes on by itself: read from its state, of the steps that have no outcome yet. Pure. */
import { arrivals } from "./arrivals.ts";
import type { InstanceState, StepState } from "./state.ts";
import { isFinal } from "./status.ts";

/** When a step without an outcome is due, in epoch milliseconds; undefined while user code works on it. */
export function dueAt(step: StepState): number | undefined {
  if (step.kind !== "do") return step.dueAt;
  return step.phase.is === "delayed" ? step.phase.dueAt : undefined;
}

/** When the instance has something to do next without being asked, or null. Queued, paused and ended ones never have. */
export function nextWake(state: InstanceState): number | null {
  const { status } = state;
  if (status === "queued" || status === "paused" || isFinal(status)) return null;
  // An event that could not be taken when it came is due since then.
  const kept = state.bufferedCount > 0 && status !== "rollingBack";
  let next: number | null = kept ? (arrivals(state)[0]?.event.receivedAt ?? null) : null;
  for (const step of state.open) {
    const due = dueAt(step);
    if (due !== undefined && (next === null || due < next)) next = due;
  }
  return next;
}

/** True while an attempt of any step is running. */
export function isWorking(state: InstanceState): boolean {
  for (const step of state.open) if (step.kind === "do" && step.phase.is !== "delayed") return true;
  return false;
}
