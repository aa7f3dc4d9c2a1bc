/** What `getEnv` answers: a Worker's bindings as objects of the test's own process. */
import { CALL_DEPTH, decode, encode } from "../../model/values/value.ts";
import type { Binding } from "../../ports/catalog/bindings.ts";
import type { BindingHandler } from "../../ports/executor.ts";
import type { Storage } from "../../ports/storage.ts";
import { kindOf } from "../../bindings/kinds.ts";
import { made } from "../../bindings/made.ts";
import { provisionOf } from "../../bindings/provisions.ts";
import { unusable } from "../../bindings/unsupported/stand-in.ts";
import { stubTo } from "../../executors/workerd/storage/bindings.ts";
import type { Workflow } from "../../runtime/bindings/workflow-types.ts";
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
  const provided = provisionOf(script, binding);
  const resource = kindOf(binding).resource?.(binding);
  if (provided.is === "stub" && resource === undefined) return standIn(script, binding, relay);
  const value = made(binding.name, provided, {
    call: async (to, name, method, args) => decode(await bindings({ to, name, method, args: encode(args, CALL_DEPTH) }, binding)),
    stub: resource && stubTo(resource, (scope, request) => storage.fetch(scope, request)),
  });
  if (binding.type === "workflow") register(value as Workflow, bed, binding.workflow);
  return value;
}

/** For what leads into isolates. */
function standIn(script: string, binding: Binding, relay: Relay): object {
  if (binding.type === "service") return relay.service(binding.service, binding.entrypoint);
  if (binding.type === "durable_object_namespace") return relay.objects(binding.script ?? script, binding.className);
  const what = binding.type === "assets" ? "static assets" : binding.type;
  return unusable(`The binding "${binding.name}" (${what}) cannot be used in a test: call getWorker("${script}").fetch()`);
}
