/**
 * What answers the binding calls of all hosts. It is made before anything that opens hosts, and its one handler is registered
 * when the parts that answer are there: the engine and the queues, which need the hosts themselves.
 */
import { Failure } from "../../model/failures/failure.ts";
import type { BindingHandler } from "../../ports/executor.ts";

/** Makes what answers the binding calls of a host; `host` aborts when the host has ended. */
export type HostBindings = (host: AbortSignal) => BindingHandler;

export class BindingRegistry {
  #registered: HostBindings = () => noBindings;

  register(bindings: HostBindings): void {
    this.#registered = bindings;
  }

  /** What answers the calls of a host. */
  of(host: AbortSignal): BindingHandler {
    return this.#registered(host);
  }
}

function noBindings(): Promise<never> {
  return Promise.reject(new Failure("internal_server", { detail: "No bindings" }));
}
