/** How the server answers what user code asks through a binding: only for what is bound, and without telling what went wrong inside, unless it is the disk. */
import { Failure } from "../model/failures/failure.ts";
import { StoreError, storeFailure } from "../model/failures/store-error.ts";
import type { Binding, BindingOf, BindingType } from "../ports/catalog/bindings.ts";
import type { ScriptVersion } from "../ports/catalog/script-versions.ts";
import type { BindingHandler } from "../ports/executor.ts";
import type { BindingCall, CallEnd } from "../protocol/calls.ts";
import { exportedBindings } from "./exported.ts";
import { provisionOf } from "./provisions.ts";

/** Answers the calls of one kind of binding. */
export type Answer<T extends BindingType> = (call: BindingCall, binding: BindingOf<T>) => Promise<string>;

/** Has calls answered by the kind of the binding that they come by. */
export function answeredBy(answers: { readonly [T in BindingType]?: Answer<T> }): BindingHandler {
  return async (call, binding) => {
    const answer = binding && (answers[binding.type] as Answer<BindingType> | undefined);
    if (binding === undefined || answer === undefined) throw new Error(`Nothing answers calls of the type ${call.to}`);
    return answer(call, binding);
  };
}

/** Never rejects. `fault` gets what is no refusal; user code only sees that there was one. */
export async function answerCall(
  version: ScriptVersion,
  handler: BindingHandler,
  call: BindingCall,
  fault: (cause: unknown) => void,
): Promise<CallEnd> {
  try {
    const binding = [...version.bindings, ...exportedBindings(version).bindings].find((each) => isFor(version, each, call));
    if (binding === undefined) throw new Failure(call.to === "queue" ? "queue.not_found" : "workflow.not_found");
    return { kind: "answered", value: await handler(call, binding) };
  } catch (cause) {
    if (cause instanceof Failure) return { kind: "refused", message: cause.message };
    fault(cause);
    if (cause instanceof StoreError) return { kind: "refused", message: storeFailure(cause).message };
    return { kind: "refused", message: new Failure("internal_server").message };
  }
}

function isFor({ script }: ScriptVersion, binding: Binding, { to, name }: BindingCall): boolean {
  if (binding.type !== to) return false;
  const provision = provisionOf(script, binding);
  return provision.is === "client" && provision.to === name;
}
