/** The module that user code imports as `cloudflare:workers`: base classes, and what a Worker may ask for at its top level. */
import type { ExecutionContext } from "../run/execution-context.ts";
import type { WorkflowEvent, WorkflowStep } from "../steps/step-types.ts";

export { env } from "./environment.ts";
export type * from "../steps/step-types.ts";

abstract class Base<Context, Env> {
  protected readonly ctx: Context;
  protected readonly env: Env;

  constructor(ctx: Context, env: Env) {
    this.ctx = ctx;
    this.env = env;
  }
}

/** The base of a user's workflow class. `run` is the user's to write. */
export abstract class WorkflowEntrypoint<Env = unknown, Params = unknown> extends Base<ExecutionContext, Env> {
  /** The steps of the workflow. What it returns becomes the instance's output. */
  run(_event: WorkflowEvent<Params>, _step: WorkflowStep): Promise<unknown> {
    throw new TypeError(`The class "${this.constructor.name}" has no run method`);
  }
}

/** The base of a Worker written as a class. */
export abstract class WorkerEntrypoint<Env = unknown> extends Base<ExecutionContext, Env> {}

/** The base of a Durable Object. It can be declared here, and bound where the workerd executor runs the Worker. */
export abstract class DurableObject<Env = unknown> extends Base<unknown, Env> {}

/** Marks a class whose instances are passed by reference between Workers. It can be declared here, not passed. */
export class RpcTarget {}

/** The script's exports as bindings, as in `ctx.exports`. Outside of workerd there are none. */
export const exports: Readonly<Record<string, unknown>> = {};

/** Keeps work going after an answer. The isolate outlives requests here, so there is nothing to hold; failures are logged. */
export function waitUntil(promise: Promise<unknown>): void {
  promise.catch((reason: unknown) => console.error("waitUntil:", reason));
}
