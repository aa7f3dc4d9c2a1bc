/** What `getEnv` answers: a Worker's bindings as objects of the test's own process. */
import { CALL_DEPTH, decode, encode } from "../../model/values/value.ts";
import type { Binding, ServiceBinding } from "../../ports/catalog.ts";
import type { BindingHandler } from "../../ports/executor.ts";
import type { Storage } from "../../ports/storage.ts";
import { constantValue, isConstant } from "../../ports/constant-binding.ts";
import { storedBinding } from "../../executors/workerd/storage/bindings.ts";
import { workflowBinding } from "../../runtime/bindings/workflow.ts";
import type { Call } from "../../runtime/bindings/calls.ts";
import { queueBinding } from "../../runtime/bindings/queue.ts";
import { unsupportedBinding, unusable } from "../../runtime/bindings/unsupported.ts";
import { register } from "../introspection.ts";
import type { TestBed } from "../test-bed.ts";
import type { Relay } from "./relay-client.ts";

/** What bindings lead to. */
export interface EnvParts {
  readonly storage: Storage;
  readonly bindings: BindingHandler;
  readonly bed: TestBed;
  readonly relay: Relay;
}

/** The bindings of the Worker `script`. */
export function envOf(script: string, bindings: readonly Binding[], parts: EnvParts): Record<string, unknown> {
  return Object.fromEntries(bindings.map((binding) => [binding.name, valueOf(script, binding, parts)]));
}

function valueOf(script: string, binding: Binding, { storage, bindings, bed, relay }: EnvParts): unknown {
  const stored = (type: "kv" | "d1" | "r2", id: string): unknown =>
    storedBinding({ type, id }, (scope, request) => storage.fetch(scope, request));
  if (isConstant(binding)) return constantValue(binding);
  switch (binding.type) {
    case "kv_namespace":
      return stored("kv", binding.id);
    case "d1":
      return stored("d1", binding.id);
    case "r2_bucket":
      return stored("r2", binding.bucket);
    case "queue":
      return queueBinding(callTo(bindings, "queue", binding.queue));
    case "workflow": {
      const workflow = workflowBinding(callTo(bindings, "workflow", binding.workflow));
      register(workflow, bed, binding.workflow);
      return workflow;
    }
    case "service":
      return serviceOf(relay, binding);
    case "durable_object_namespace":
      return relay.objects(binding.script ?? script, binding.className);
    case "assets":
      return unusable(
        `The binding "${binding.name}" (static assets) cannot be used in a test: call getWorker("${script}").fetch()`,
      );
    case "unsupported":
      return unsupportedBinding(binding.name, binding.kind);
  }
}

function serviceOf(relay: Relay, { service, entrypoint }: ServiceBinding): object {
  return relay.service(service, entrypoint);
}

function callTo(bindings: BindingHandler, to: "workflow" | "queue", name: string): Call {
  return async (method, args) => decode(await bindings({ to, name, method, args: encode(args, CALL_DEPTH) }));
}
