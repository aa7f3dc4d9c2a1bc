/**
 * Secret outputs: sealed before an event of theirs is decided on, opened only among the outcomes that go back to a run.
 * Between the two nobody in the engine, the model or a store can read them.
 */
import type { RuntimeEvent } from "../model/events.ts";
import type { StepState } from "../model/instance.ts";
import { stepId } from "../model/step.ts";
import type { Encoded } from "../model/value.ts";
import type { Place, Vault } from "../ports/vault.ts";
import type { Live } from "./live.ts";

/** The event as it may be recorded. */
export function sealed(vault: Vault, live: Live, event: RuntimeEvent): RuntimeEvent {
  if (event.type !== "step_completed" || event.output === undefined) return event;
  const step = live.state.byId.get(stepId("do", event.name, event.count));
  if (step === undefined || !isSensitive(step)) return event;
  return { ...event, output: vault.seal(event.output, placeOf(live, step)) };
}

/** The output of a step as its code knows it. Throws what `Vault.open` throws. */
export function opened(vault: Vault, live: Live, step: StepState, output: Encoded): Encoded {
  return isSensitive(step) ? vault.open(output, placeOf(live, step)) : output;
}

function isSensitive(step: StepState): boolean {
  return step.kind === "do" && step.config.sensitive !== undefined;
}

function placeOf(live: Live, step: StepState): Place {
  return { workflow: live.workflow, instance: live.id, step: step.id };
}
