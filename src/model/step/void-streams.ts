/** Which streams of an instance an event makes void. */
import type { EventBody } from "../instance/events.ts";
import type { InstanceState, StepState } from "../instance/state.ts";
import { stepId, type StepKey } from "./step.ts";

/**
 * The streams that an event makes void, seen before it is folded: those of attempts that it fails or cuts off, and those
 * of steps that it wipes. A restart from the beginning wipes all that there are, which the store sees to.
 */
export function streamsCutOff(state: InstanceState, event: EventBody): readonly number[] {
  switch (event.type) {
    case "attempt_errored": {
      const step = state.byId.get(stepId("do", event.name, event.count));
      return step === undefined ? [] : unfinished(step);
    }
    case "workflow_completed":
    case "workflow_errored":
    case "workflow_terminated":
    case "rollback_started":
      return [...state.open].flatMap(unfinished);
    case "workflow_queued":
      return event.from === undefined ? NONE : wiped(state, event.from);
    default:
      return NONE;
  }
}

const NONE: readonly number[] = [];

function wiped(state: InstanceState, from: StepKey): readonly number[] {
  const at = state.steps.findIndex(({ kind, name, count }) => kind === from.kind && name === from.name && count === from.count);
  return state.steps.flatMap((step, i) => {
    const isWiped = at >= 0 && i >= at;
    if (isWiped && step.kind === "do" && step.phase.is === "completed") return step.phase.stream?.id ?? NONE;
    return unfinished(step);
  });
}

function unfinished(step: StepState): readonly number[] {
  if (step.kind !== "do") return NONE;
  return step.phase.is === "attempting" || step.phase.is === "succeeded" ? [step.phase.stream] : NONE;
}
