/** How a host answers what user code asks through a binding: only for what is bound, and without telling what went wrong inside. */
import { Failure } from "../model/failures/failure.ts";
import type { BindingCall, CallEnd } from "../protocol/calls.ts";
import type { Binding, ScriptVersion } from "../ports/catalog.ts";
import type { BindingHandler } from "../ports/executor.ts";

/** Never rejects. `fault` gets what is no refusal; user code is told only that there was something. */
export async function answerCall(
  version: ScriptVersion,
  handler: BindingHandler,
  call: BindingCall,
  fault: (cause: unknown) => void,
): Promise<CallEnd> {
  try {
    if (!version.bindings.some((binding) => isBound(binding, call)) && !isExported(version, call))
      throw new Failure(call.to === "queue" ? "queue.not_found" : "workflow.not_found");
    return { kind: "answered", value: await handler(call) };
  } catch (cause) {
    if (cause instanceof Failure) return { kind: "refused", message: cause.message };
    fault(cause);
    return { kind: "refused", message: new Failure("internal_server").message };
  }
}

/** A workflow of the script's own, which it finds in `ctx.exports`. */
function isExported({ workflows = [] }: ScriptVersion, { to, name }: BindingCall): boolean {
  return to === "workflow" && workflows.some((each) => each.isExported === true && each.name === name);
}

function isBound(binding: Binding, { to, name }: BindingCall): boolean {
  if (binding.type === "workflow") return to === "workflow" && binding.workflow === name;
  return binding.type === "queue" && to === "queue" && binding.queue === name;
}
