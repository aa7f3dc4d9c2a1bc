/**
 * Events that came while an instance could not take them — it was paused, or there was no place for it — and the steps
 * that wait for them. The step that has waited longest gets the oldest event of its type, if that came before the wait was over.
 */
import type { BufferedEvent, InstanceState, WaitStep } from "./state.ts";

/** What `arrivals` has to know of a step that waits for an event. */
export type Waiter = Pick<WaitStep, "name" | "count" | "eventType" | "dueAt">;

interface Arrival {
  readonly waiter: Waiter;
  readonly event: BufferedEvent;
}

const NONE: readonly Arrival[] = [];

/** Which event each step is to get that waits. `newcomer` is about to wait, after all others. */
export function arrivals(state: InstanceState, newcomer?: Waiter): readonly Arrival[] {
  if (state.bufferedCount === 0) return NONE;
  const taken = new Map<string, number>();
  const found: Arrival[] = [];
  const meet = (waiter: Waiter): void => {
    const index = taken.get(waiter.eventType) ?? 0;
    const event = state.buffered.get(waiter.eventType)?.[index];
    if (event === undefined || event.receivedAt > waiter.dueAt) return;
    taken.set(waiter.eventType, index + 1);
    found.push({ waiter, event });
  };
  for (const step of state.open) if (step.kind === "waitForEvent") meet(step);
  if (newcomer !== undefined) meet(newcomer);
  return found;
}
