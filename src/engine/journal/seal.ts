/**
 * Secret outputs: sealed before an event of theirs is decided on, opened only among the outcomes that go back to a run.
 * Between the two, the engine, the model and the store cannot read them.
 */
import type { RuntimeEvent } from "../../model/instance/events.ts";
import type { StepState } from "../../model/instance/state.ts";
import { stepId } from "../../model/step/step.ts";
import type { Encoded } from "../../model/values/value.ts";
import type { Place, Vault } from "../../ports/vault.ts";
import type { Live } from "../state/live.ts";
import type { World } from "../state/world.ts";

/** The event as it may be recorded. */
export function sealed(vault: Vault, live: Live, event: RuntimeEvent): RuntimeEvent {
  if (event.type !== "step_completed" || typeof event.output !== "string") return event;
  const step = live.state.byId.get(stepId("do", event.name, event.count));
  if (step === undefined || !isSensitive(step)) return event;
  return { ...event, output: vault.seal(event.output, placeOf(live, step)) };
}

/** The output of a step as its code knows it. Throws what `Vault.open` throws. */
export function opened(vault: Vault, live: Live, step: StepState, output: Encoded): Encoded {
  return isSensitive(step) ? vault.open(output, placeOf(live, step)) : output;
}

/** A chunk of a stream as it may be stored (`sealBytes`), or as its code knows it (`openBytes`). Throws what the vault does. */
export function passChunk(
  { vault }: Pick<World, "vault">,
  way: "sealBytes" | "openBytes",
  live: Live,
  step: StepState,
  bytes: Uint8Array<ArrayBuffer>,
  index: number,
): Uint8Array<ArrayBuffer> {
  return isSensitive(step) ? ownBuffer(vault[way](bytes, placeOf(live, step), index)) : bytes;
}

/** Bytes that can be handed on: in a buffer that holds nothing else. */
function ownBuffer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength ? new Uint8Array(buffer) : new Uint8Array(bytes);
}

function isSensitive(step: StepState): boolean {
  return step.kind === "do" && step.config.sensitive !== undefined;
}

function placeOf(live: Live, step: StepState): Place {
  return { workflow: live.workflow, instance: live.id, step: step.id };
}
