/**
 * The types of a workflow's steps, under Cloudflare's names and of Cloudflare's shapes (`@cloudflare/workers-types`), which
 * `test/types` holds them against. Where they differ they ask for less and give more: callbacks may be synchronous, results
 * need not be typed as serialisable, and a context has a `signal`.
 */

export type WorkflowDurationLabel = "second" | "minute" | "hour" | "day" | "week" | "month" | "year";

/** Milliseconds, or a number and a unit: `"5 minutes"`. */
export type WorkflowSleepDuration = `${number} ${WorkflowDurationLabel}${"s" | ""}` | number;

export type WorkflowDelayDuration = WorkflowSleepDuration;

export type WorkflowTimeoutDuration = WorkflowSleepDuration;

export type WorkflowRetentionDuration = WorkflowSleepDuration;

export type WorkflowBackoff = "constant" | "linear" | "exponential";

/** What of a step must not be shown. */
export type WorkflowStepSensitivity = "output";

/** The argument of a function that computes a delay. */
export interface WorkflowDynamicDelayContext {
  readonly ctx: WorkflowStepContext<WorkflowDelayFunction>;
  /** Why the attempt failed. */
  readonly error: Error;
}

/** Computes the delay before the next attempt, in at most five seconds (`LIMITS.delayFunctionMs`). */
export type WorkflowDelayFunction = (
  input: WorkflowDynamicDelayContext,
) => WorkflowDelayDuration | Promise<WorkflowDelayDuration>;

/** Retries with a delay of this kind. */
interface WorkflowRetries<Delay> {
  /** Attempts after the first. */
  readonly limit: number;
  readonly delay: Delay;
  readonly backoff?: WorkflowBackoff;
}

/** How a step is tried. */
export interface WorkflowStepConfig {
  readonly retries?: WorkflowRetries<WorkflowDelayDuration | WorkflowDelayFunction>;
  /** Of one attempt. */
  readonly timeout?: WorkflowTimeoutDuration;
  readonly sensitive?: WorkflowStepSensitivity;
}

/** Overloads of `do` differ by the delay: whether the context has it depends on that. */
type StaticDelayConfig = Omit<WorkflowStepConfig, "retries"> & { readonly retries?: WorkflowRetries<WorkflowDelayDuration> };

type DelayFunctionConfig = Omit<WorkflowStepConfig, "retries"> & { readonly retries: WorkflowRetries<WorkflowDelayFunction> };

/** The argument of a step's callback. */
export interface WorkflowStepContext<Delay = WorkflowDelayDuration> {
  /** `count` is 1 for the first step of the name. */
  readonly step: { readonly name: string; readonly count: number };
  /** 1 for the first. */
  readonly attempt: number;
  readonly config: {
    readonly retries?: Omit<WorkflowRetries<unknown>, "delay"> &
      // A computed delay is not there yet.
      (Delay extends WorkflowDelayFunction ? unknown : { readonly delay: WorkflowDelayDuration });
    readonly timeout?: WorkflowTimeoutDuration;
    readonly sensitive?: WorkflowStepSensitivity;
  };
  /** Aborted when the attempt times out or the instance stops running here. Not on Cloudflare. */
  readonly signal: AbortSignal;
}

/** How a rollback handler is tried. */
export type WorkflowStepRollbackConfig = Pick<WorkflowStepConfig, "retries" | "timeout">;

/** The argument of a rollback handler. */
export interface WorkflowRollbackContext<T = unknown, Delay = WorkflowDelayDuration> {
  readonly ctx: WorkflowStepContext<Delay>;
  /** Why the instance ends. */
  readonly error: Error;
  /** What the step returned; undefined also when it did not get that far. */
  readonly output: T | undefined;
  /**
   * The step's name with its counter.
   *
   * @deprecated Use `ctx.step`.
   */
  readonly stepName: string;
}

export type WorkflowRollbackHandler<T = unknown, Delay = WorkflowDelayDuration> = (
  context: WorkflowRollbackContext<T, Delay>,
) => void | Promise<void>;

/** How to undo a step. */
export interface WorkflowStepRollbackOptions<T = unknown, Delay = WorkflowDelayDuration> {
  readonly rollback: WorkflowRollbackHandler<T, Delay>;
  readonly rollbackConfig?: WorkflowStepRollbackConfig;
}

/** Which tick of a schedule created an instance. */
export interface WorkflowCronSchedule {
  readonly cron: string;
  /** Epoch milliseconds. */
  readonly scheduledTime: number;
}

/** The first argument of `run`: its instance. */
export interface WorkflowEvent<Params> {
  readonly payload: Readonly<Params>;
  readonly timestamp: Date;
  readonly instanceId: string;
  readonly workflowName: string;
  /** Present when a cron schedule created the instance. */
  readonly schedule?: WorkflowCronSchedule;
}

/** What `waitForEvent` gives. */
export interface WorkflowStepEvent<Payload> {
  readonly payload: Readonly<Payload>;
  readonly timestamp: Date;
  readonly type: string;
  readonly sensitive?: WorkflowStepSensitivity;
}

/** A callback of a step. */
type Callback<T, Delay = WorkflowDelayDuration> = (ctx: WorkflowStepContext<Delay>) => T | Promise<T>;

/** Durable steps. The order of the overloads matters: the last one takes what the others tell apart. */
export interface WorkflowStep {
  do<T>(name: string, callback: Callback<T>, rollbackOptions?: WorkflowStepRollbackOptions<T>): Promise<T>;
  do<T>(
    name: string,
    config: DelayFunctionConfig,
    callback: Callback<T, WorkflowDelayFunction>,
    rollbackOptions?: WorkflowStepRollbackOptions<T, WorkflowDelayFunction>,
  ): Promise<T>;
  do<T>(
    name: string,
    config: StaticDelayConfig,
    callback: Callback<T>,
    rollbackOptions?: WorkflowStepRollbackOptions<T>,
  ): Promise<T>;
  do<T>(
    name: string,
    config: WorkflowStepConfig,
    callback: Callback<T>,
    rollbackOptions?: WorkflowStepRollbackOptions<T>,
  ): Promise<T>;
  readonly sleep: (name: string, duration: WorkflowSleepDuration) => Promise<void>;
  readonly sleepUntil: (name: string, timestamp: Date | number) => Promise<void>;
  waitForEvent<Payload = unknown>(
    name: string,
    options: { readonly type: string; readonly timeout?: WorkflowTimeoutDuration },
  ): Promise<WorkflowStepEvent<Payload>>;
}
