/**
 * Restart from a step: a new life that keeps every step which had started before that one, in the order of the journal.
 *
 * A kept step with an outcome is recalled as in any replay. One without is begun anew: a `do` with all its attempts before
 * it, since the restart cut off the current one; a sleep or wait with the deadline that it had. A delivered event stays
 * used up, even when its waiter is wiped, because an event is delivered once. Undelivered events are kept.
 */
import type { InstanceState } from "./state.ts";
import { pausedMs } from "./status.ts";
import { stepId, type StepKey } from "../step/step.ts";

/** True when the instance has started such a step in its present life. */
export function hasStep(state: InstanceState, { kind, name, count }: StepKey): boolean {
  return state.byId.has(stepId(kind, name, count));
}

/** What a restart from `first` keeps, of steps in the order in which they started: all before it. */
export function keptSteps<Step>(steps: readonly Step[], first: Step | undefined): Step[] {
  const end = first === undefined ? -1 : steps.indexOf(first);
  return end < 0 ? [...steps] : steps.slice(0, end);
}

/** Takes what is kept over into the state of the new life. `now` is epoch milliseconds. */
export function keepSteps(before: InstanceState, after: InstanceState, from: StepKey, now: number): void {
  const first = before.byId.get(stepId(from.kind, from.name, from.count));
  const postponedMs = pausedMs(before.pausedAt, now);
  for (const step of keptSteps(before.steps, first)) {
    after.steps.push(step);
    after.byId.set(step.id, step);
    if (step.kind === "do" && step.phase.is === "completed") after.streamBytes += step.phase.stream?.bytes ?? 0;
    if (step.settledIn !== undefined) continue;
    after.open.add(step);
    if (step.kind === "do") {
      step.attempts = 0;
      step.lost = undefined;
      step.phase = { is: "started" };
    } else step.dueAt += postponedMs;
  }
  for (const [type, events] of before.buffered) after.buffered.set(type, events);
  after.bufferedCount = before.bufferedCount;
  after.sensitive = before.sensitive;
}
