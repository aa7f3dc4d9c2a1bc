/** How a host answers what user code asks through a binding: only for what is bound, and without telling what went wrong inside. */
import { Failure } from "../model/errors.ts";
import type { BindingCall, CallEnd } from "../protocol/calls.ts";
import type { ScriptVersion } from "./catalog.ts";
import type { BindingHandler } from "./executor.ts";

/** Never rejects. `fault` gets what is no refusal; user code is told only that there was something. */
export async function answerCall(
  version: ScriptVersion,
  handler: BindingHandler,
  call: BindingCall,
  fault: (cause: unknown) => void,
): Promise<CallEnd> {
  try {
    const bound = version.bindings.some((binding) => binding.type === "workflow" && binding.workflow === call.workflow);
    if (!bound) throw new Failure("workflow.not_found");
    return { kind: "answered", value: await handler(call) };
  } catch (cause) {
    if (cause instanceof Failure) return { kind: "refused", message: cause.message };
    fault(cause);
    return { kind: "refused", message: new Failure("internal_server").message };
  }
}
