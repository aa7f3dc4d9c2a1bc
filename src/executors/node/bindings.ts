/** What a script finds in its `env` and in `process.env`, made of its bindings. */
import { constantValue, isConstant } from "../../ports/constant-binding.ts";
import type { Binding } from "../../ports/catalog.ts";
import type { BindingCall } from "../../protocol/calls.ts";
import { workflowBinding } from "../../bindings/workflow/client.ts";
import { queueBinding } from "../../bindings/queue/client.ts";
import { unsupportedBinding } from "../../bindings/unsupported/stand-in.ts";

/** Asks what a binding stands for. */
export type CallBound = (to: BindingCall["to"], name: string, method: string, args: readonly unknown[]) => Promise<unknown>;

/** What `env` holds. */
export function envOf(bindings: readonly Binding[], call: CallBound): Record<string, unknown> {
  return Object.fromEntries(bindings.map((binding) => [binding.name, bindingValue(binding, call)]));
}

function bindingValue(binding: Binding, call: CallBound): unknown {
  if (isConstant(binding)) return constantValue(binding);
  switch (binding.type) {
    case "workflow":
      return workflowBinding((method, args) => call("workflow", binding.workflow, method, args));
    case "queue":
      return queueBinding((method, args) => call("queue", binding.queue, method, args));
    case "unsupported":
      return unsupportedBinding(binding.name, binding.kind);
    // Refused before the thread is made.
    default:
      return undefined;
  }
}

/** What `process.env` holds: the texts, as on Cloudflare under `nodejs_compat`, and nothing of the server's own. */
export function processEnvOf(bindings: readonly Binding[]): Record<string, string> {
  const texts = bindings.filter((binding) => binding.type === "plain_text" || binding.type === "secret_text");
  return Object.fromEntries(texts.map(({ name, text }) => [name, text]));
}
