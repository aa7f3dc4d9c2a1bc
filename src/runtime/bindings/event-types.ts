/** The types of what `subscribe()` gives, with Cloudflare's names and shapes; `test/types` holds them against those. */
import type { ErrorInfo } from "../../model/values/error-info.ts";
import type { WorkflowBackoff, WorkflowSleepDuration } from "../steps/step-types.ts";

interface StepName {
  /** With its counter: `charge-1`. */
  readonly stepName: string;
}

/** The configuration that a step, or the handler that undoes it, began with. */
interface StartedConfig {
  readonly retries: {
    readonly limit: number;
    /** `[dynamic]` when a function computes it. */
    readonly delay: WorkflowSleepDuration | "[dynamic]";
    readonly backoff?: WorkflowBackoff;
  };
  readonly timeout: WorkflowSleepDuration;
  readonly sensitive?: "output";
}

type Bare =
  | "workflow_queued"
  | "workflow_running"
  | "workflow_paused"
  | "workflow_waiting_for_pause"
  | "workflow_waiting"
  | "workflow_terminated"
  | "rollback_started"
  | "rollback_completed"
  | "rollback_errored";

type OfStep = "step_errored" | "sleep_completed" | "wait_completed" | "wait_timed_out" | "rollback_step_completed";

/** What has happened to an instance; which further fields there are depends on `type`. */
export type WorkflowInstanceEvent = {
  readonly instanceId: string;
  /** Grows from event to event: the cursor after which a subscription may go on. */
  readonly eventId: number;
  /** Epoch milliseconds. */
  readonly timestamp: number;
} & (
  | { readonly type: Bare }
  | { readonly type: "workflow_started"; readonly params?: unknown }
  /** Without `output` when `run` returned `undefined`. */
  | { readonly type: "workflow_completed"; readonly output?: unknown }
  | { readonly type: "workflow_errored"; readonly error: ErrorInfo }
  | (StepName & { readonly type: OfStep })
  | (StepName & { readonly type: "step_started" | "rollback_step_started"; readonly config?: StartedConfig })
  /** `output` is a structured value, a fresh `ReadableStream` for one that the step returned, or `[REDACTED]`. */
  | (StepName & { readonly type: "step_completed"; readonly output?: unknown })
  | (StepName & {
      readonly type: "attempt_started" | "attempt_completed" | "rollback_attempt_started" | "rollback_attempt_completed";
      readonly attempt: number;
    })
  /** Without `retryDelayMs` when no attempt follows. */
  | (StepName & {
      readonly type: "attempt_errored" | "rollback_attempt_errored";
      readonly attempt: number;
      readonly error: ErrorInfo;
      readonly retryDelayMs?: number;
    })
  | (StepName & { readonly type: "sleep_started"; readonly durationMs: number })
  | (StepName & { readonly type: "wait_started"; readonly eventType: string })
  | (StepName & { readonly type: "rollback_step_errored"; readonly error: ErrorInfo })
);

export type WorkflowInstanceEventType = WorkflowInstanceEvent["type"];

/** Options of `subscribe`. */
export interface WorkflowInstanceSubscribeOptions {
  /** Only events with a greater `eventId`; all when absent. */
  cursor?: number;
  /** Only events of these types; all when absent. */
  filter?: WorkflowInstanceEventType[];
}

/** The events of an instance, one by one: stored ones, then new ones. */
export interface WorkflowInstanceSubscription extends Disposable {
  /**
   * The next event, when there is one; `done` after the one that ends the instance, also when the filter hides it, and
   * when the instance is deleted. Calls are answered in order. Rejects when the engine is shut down.
   */
  next(): Promise<IteratorResult<WorkflowInstanceEvent, void>>;
}
