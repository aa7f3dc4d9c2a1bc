/**
 * The events of an instance: the only truth that stepwell stores.
 *
 * Most kinds are public — they are what `subscribe()` shows, under Cloudflare's names. The few marked *internal* carry
 * facts that replay needs and that are never shown. Step names are stored as the user wrote them, beside their
 * count; the display form `name-count` is made when an event is shown (`public-event.ts`).
 */
import type { ScheduleInfo } from "../time/schedule-info.ts";
import type { ErrorInfo } from "../values/error-info.ts";
import type { TriggerSource } from "./status.ts";
import type { StepKey, StepName } from "../step/step.ts";
import type { Output } from "../step/stream.ts";
import type { Encoded } from "../values/value.ts";

/** How a delay grows from one attempt to the next. */
export type Backoff = "constant" | "linear" | "exponential";

/** A step's configuration with defaults applied, in the user's own units. `"[dynamic]"` stands for a delay function. */
export interface StepConfig {
  readonly retries: { readonly limit: number; readonly delay: number | string; readonly backoff: Backoff };
  readonly timeout: number | string;
  readonly sensitive?: "output";
}

/**
 * With what a run was lost. `server`: the server ended, or could not store what the run had done; that says nothing about
 * the instance. `shared`: a host in which other code ran as well, so that the cause is one of several. `alone`: nothing
 * else was in the host, or only this run ended.
 */
export type LossKind = "server" | "shared" | "alone";

/** How long a finished instance is kept, in milliseconds. */
export interface Retention {
  readonly successMs?: number;
  readonly errorMs?: number;
}

/** An attempt of a step. */
export interface AttemptRef extends StepName {
  /** 1-based. */
  readonly attempt: number;
}

/** The events that begin or end the life of an instance, or move it between statuses. */
export type LifecycleEvent =
  /**
   * Begins a life: of a new instance, or of one that is restarted. Everything before it is void — except, where there is
   * a `from` (internal), the steps that had started before that one.
   */
  | {
      readonly type: "workflow_queued";
      readonly versionId: string;
      readonly trigger: TriggerSource;
      readonly params: Encoded;
      readonly schedule?: ScheduleInfo;
      readonly retention?: Retention;
      readonly from?: StepKey;
    }
  | { readonly type: "workflow_started" }
  | { readonly type: "workflow_running" }
  | { readonly type: "workflow_waiting" }
  | { readonly type: "workflow_waiting_for_pause" }
  /** `reason` (internal) is present when the engine paused the instance: what has to be mended before it can go on. */
  | { readonly type: "workflow_paused"; readonly reason?: string }
  /** Internal: a paused instance asks for a place again; its timers move by as long as it was paused. */
  | { readonly type: "workflow_resumed" }
  /** Internal: the run was lost. `lost` says with what; rows of older versions do not have it. */
  | { readonly type: "workflow_recovered"; readonly lost?: LossKind }
  | { readonly type: "workflow_completed"; readonly output?: Encoded }
  /** `frame` (internal) is the function that threw, where it has a name. */
  | { readonly type: "workflow_errored"; readonly error: ErrorInfo; readonly frame?: string }
  | { readonly type: "workflow_terminated" };

/** The events of one `step.do`. */
export type DoEvent =
  /** `config` is absent when it is the default (`DEFAULT_STEP_CONFIG`). `rollback` (internal): the step can be undone. */
  | (StepName & { readonly type: "step_started"; readonly config?: StepConfig; readonly rollback?: true })
  | (AttemptRef & { readonly type: "attempt_started" })
  | (AttemptRef & { readonly type: "attempt_completed" })
  /**
   * `retryDelayMs` is absent when no retry follows. `frame` (internal) is the function that threw, where it has a name.
   * `lost` (internal) is there when the attempt did not fail by itself: the engine cut it off, or lost it.
   */
  | (AttemptRef & {
      readonly type: "attempt_errored";
      readonly error: ErrorInfo;
      readonly retryDelayMs?: number;
      readonly frame?: string;
      readonly lost?: LossKind;
    })
  /** `output` is absent when the step returned `undefined`. */
  | (StepName & { readonly type: "step_completed"; readonly output?: Output })
  | (StepName & { readonly type: "step_errored" });

/** The events of `step.sleep` and `step.sleepUntil`. `wakeAt` (internal) is epoch milliseconds. */
export type SleepEvent =
  | (StepName & { readonly type: "sleep_started"; readonly durationMs: number; readonly wakeAt: number })
  | (StepName & { readonly type: "sleep_completed" });

/** The events of `step.waitForEvent`. */
export type WaitEvent =
  | (StepName & { readonly type: "wait_started"; readonly eventType: string; readonly timeoutMs: number })
  /** `payload` and `receivedAt` (epoch milliseconds) are internal: subscribers receive neither. */
  | (StepName & { readonly type: "wait_completed"; readonly payload: Encoded; readonly receivedAt: number })
  | (StepName & { readonly type: "wait_timed_out" });

/** Internal: an event that no step waits for yet. */
export interface EventReceived {
  readonly type: "event_received";
  readonly eventType: string;
  readonly payload: Encoded;
}

/** Internal: a user has skipped the rest of a sleep, or of the delay before an attempt of a `do`. It is due since then. */
export interface DelaySkipped extends StepName {
  readonly type: "delay_skipped";
  readonly kind: "do" | "sleep";
}

/** The events of one step's rollback handler: those of a `do`, under names of their own. */
export type RollbackStepEvent =
  /** `config` is absent when it is the default. */
  | (StepName & { readonly type: "rollback_step_started"; readonly config?: StepConfig })
  | (AttemptRef & { readonly type: "rollback_attempt_started" })
  | (AttemptRef & { readonly type: "rollback_attempt_completed" })
  /** `retryDelayMs` is absent when no retry follows; `lost` (internal) as for steps. */
  | (AttemptRef & {
      readonly type: "rollback_attempt_errored";
      readonly error: ErrorInfo;
      readonly retryDelayMs?: number;
      readonly lost?: LossKind;
    })
  | (StepName & { readonly type: "rollback_step_completed" })
  | (StepName & { readonly type: "rollback_step_errored"; readonly error: ErrorInfo });

/** The events around the handlers. Their fields are internal: subscribers receive none of them. */
export type RollbackPhaseEvent =
  /**
   * `end` and `error` are how the instance ends after the handlers. Handlers are given `trigger`, or `error` if it is
   * absent.
   */
  | {
      readonly type: "rollback_started";
      readonly error: ErrorInfo;
      readonly trigger?: ErrorInfo;
      readonly end: "errored" | "terminated";
    }
  | { readonly type: "rollback_completed" }
  /** A handler failed for good, or could not be run: the ones after it are not. */
  | { readonly type: "rollback_errored"; readonly error: ErrorInfo };

/** What happened, without when. */
export type EventBody =
  | LifecycleEvent
  | DoEvent
  | SleepEvent
  | WaitEvent
  | EventReceived
  | DelaySkipped
  | RollbackStepEvent
  | RollbackPhaseEvent;

/** One entry of an instance's journal. */
export type InstanceEvent = EventBody & {
  /** Grows by one from event to event of an instance, across restarts too. It is the cursor of `subscribe()`. */
  readonly eventId: number;
  /** Epoch milliseconds. */
  readonly timestamp: number;
};

/** The events that the code beside the user's may propose; the engine makes the others. */
export type RuntimeEvent =
  | DoEvent
  | Extract<SleepEvent, { type: "sleep_started" }>
  | Extract<WaitEvent, { type: "wait_started" }>
  | RollbackStepEvent
  | Extract<LifecycleEvent, { type: "workflow_completed" }>
  | RunErrored;

/**
 * The run has rejected. Whether steps are undone before the instance ends is for `decide` to say; `rollback` is `"ready"`
 * when the run keeps handlers until it hears what becomes of them, and `"never"` when nothing is to be undone whatever
 * handlers there are. `trigger` is what was thrown, where `error` says something else of it.
 */
export interface RunErrored {
  readonly type: "workflow_errored";
  readonly error: ErrorInfo;
  readonly trigger?: ErrorInfo;
  readonly rollback?: "ready" | "never";
  readonly frame?: string;
}
