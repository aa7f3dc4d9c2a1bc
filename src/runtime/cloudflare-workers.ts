/** The module that user code imports as `cloudflare:workers`: base classes, and what a Worker may ask for at its top level. */
import type { ExecutionContext } from "./runtime.ts";

export { env } from "./environment.ts";

/** The base of a user's workflow class. `run` is the user's to write. */
export abstract class WorkflowEntrypoint<Env = unknown, Params = unknown> {
  protected readonly ctx: ExecutionContext;
  protected readonly env: Env;

  constructor(ctx: ExecutionContext, env: Env) {
    this.ctx = ctx;
    this.env = env;
  }

  /** The steps of the workflow. What it returns becomes the instance's output. */
  run(_event: WorkflowEvent<Params>, _step: WorkflowStep): Promise<unknown> {
    throw new TypeError(`The class "${this.constructor.name}" has no run method`);
  }
}

/** What `run` is told of its instance. */
export interface WorkflowEvent<Params> {
  readonly payload: Readonly<Params>;
  readonly timestamp: Date;
  readonly instanceId: string;
  readonly workflowName: string;
  /** Present when a cron schedule created the instance. */
  readonly schedule?: { readonly cron: string; readonly scheduledTime: number };
}

/** How a step is tried. Cloudflare's `WorkflowStepConfig`. */
export interface WorkflowStepConfig {
  readonly retries?: {
    /** Attempts after the first. */
    readonly limit: number;
    readonly delay:
      | number
      | string
      | ((input: { readonly ctx: WorkflowStepContext; readonly error: Error }) => number | string | Promise<number | string>);
    readonly backoff?: "constant" | "linear" | "exponential";
  };
  /** Of one attempt. */
  readonly timeout?: number | string;
  readonly sensitive?: "output";
}

/** What a step's callback is told. Cloudflare's `WorkflowStepContext`, and `signal`. */
export interface WorkflowStepContext {
  readonly step: { readonly name: string; readonly count: number };
  readonly attempt: number;
  readonly config: {
    readonly retries?: {
      readonly limit: number;
      readonly backoff?: "constant" | "linear" | "exponential";
      readonly delay?: number | string;
    };
    readonly timeout?: number | string;
    readonly sensitive?: "output";
  };
  /** Aborted when the attempt times out or the instance stops running here. Not on Cloudflare. */
  readonly signal: AbortSignal;
}

/** What a rollback handler is told. Cloudflare's `WorkflowRollbackContext`. */
export interface WorkflowRollbackContext<T> {
  readonly ctx: WorkflowStepContext;
  /** Why the instance ends. */
  readonly error: Error;
  /** What the step returned; undefined also when it did not get that far. */
  readonly output: T | undefined;
  /** The step's name with its counter. */
  readonly stepName: string;
}

/** How to undo a step. Cloudflare's `WorkflowStepRollbackOptions`. */
export interface WorkflowStepRollbackOptions<T> {
  readonly rollback: (context: WorkflowRollbackContext<T>) => void | Promise<void>;
  readonly rollbackConfig?: Pick<WorkflowStepConfig, "retries" | "timeout">;
}

/** What `waitForEvent` gives. */
export interface WorkflowStepEvent<Payload> {
  readonly payload: Readonly<Payload>;
  readonly timestamp: Date;
  readonly type: string;
}

/** Durable steps. */
export interface WorkflowStep {
  do<T>(
    name: string,
    callback: (ctx: WorkflowStepContext) => T | Promise<T>,
    rollback?: WorkflowStepRollbackOptions<T>,
  ): Promise<T>;
  do<T>(
    name: string,
    config: WorkflowStepConfig,
    callback: (ctx: WorkflowStepContext) => T | Promise<T>,
    rollback?: WorkflowStepRollbackOptions<T>,
  ): Promise<T>;
  sleep(name: string, duration: number | string): Promise<void>;
  sleepUntil(name: string, timestamp: Date | number): Promise<void>;
  waitForEvent<Payload = unknown>(
    name: string,
    options: { type: string; timeout?: number | string },
  ): Promise<WorkflowStepEvent<Payload>>;
}

/** The base of a Worker written as a class. */
export abstract class WorkerEntrypoint<Env = unknown> {
  protected readonly ctx: ExecutionContext;
  protected readonly env: Env;

  constructor(ctx: ExecutionContext, env: Env) {
    this.ctx = ctx;
    this.env = env;
  }
}

/** The base of a Durable Object. It can be declared here, and bound where the workerd executor runs the Worker. */
export abstract class DurableObject<Env = unknown> {
  protected readonly ctx: unknown;
  protected readonly env: Env;

  constructor(ctx: unknown, env: Env) {
    this.ctx = ctx;
    this.env = env;
  }
}

/** Marks a class whose instances are passed by reference between Workers. It can be declared here, not passed. */
export class RpcTarget {}

/** Keeps work going after an answer. The isolate outlives requests here, so there is nothing to hold; failures are logged. */
export function waitUntil(promise: Promise<unknown>): void {
  promise.catch((reason: unknown) => console.error("waitUntil:", reason));
}
