/**
 * The events of an instance: the only truth that stepwell stores.
 *
 * Most kinds are public — they are what `subscribe()` shows, under Cloudflare's names. The few marked *internal* carry
 * facts that replay needs and that nobody outside is told. Step names are stored as the user wrote them, beside their
 * count; the display form `name-count` is made when an event is shown (`public-event.ts`).
 */
import type { TriggerSource } from "./status.ts";
import type { Encoded } from "./value.ts";

/** An error as the outside sees it. Stacks and causes do not survive a step. */
export interface ErrorInfo {
  readonly name: string;
  readonly message: string;
}

/** How a delay grows from one attempt to the next. */
export type Backoff = "constant" | "linear" | "exponential";

/** A step's configuration with defaults applied, in the user's own units. `"[dynamic]"` stands for a delay function. */
export interface StepConfig {
  readonly retries: { readonly limit: number; readonly delay: number | string; readonly backoff: Backoff };
  readonly timeout: number | string;
  readonly sensitive?: "output";
}

/** What a cron schedule hands to the instance that it starts. */
export interface ScheduleInfo {
  readonly cron: string;
  /** Epoch milliseconds of the boundary. */
  readonly scheduledTime: number;
}

/** How long a finished instance is kept, in milliseconds. */
export interface Retention {
  readonly successMs?: number;
  readonly errorMs?: number;
}

interface StepRef {
  readonly name: string;
  /** 1-based: the n-th use of this name for this kind of step. */
  readonly count: number;
}

interface AttemptRef extends StepRef {
  /** 1-based. */
  readonly attempt: number;
}

/** The events that begin or end the life of an instance, or move it between statuses. */
export type LifecycleEvent =
  /** Begins a life: of a new instance, or of one that is restarted. Everything before it is void. */
  | {
      readonly type: "workflow_queued";
      readonly versionId: string;
      readonly trigger: TriggerSource;
      readonly params: Encoded;
      readonly schedule?: ScheduleInfo;
      readonly retention?: Retention;
    }
  | { readonly type: "workflow_started" }
  | { readonly type: "workflow_running" }
  | { readonly type: "workflow_waiting" }
  | { readonly type: "workflow_waiting_for_pause" }
  | { readonly type: "workflow_paused" }
  /** Internal: a paused instance asks for a place again; its timers move by as long as it was paused. */
  | { readonly type: "workflow_resumed" }
  /** Internal: the process or thread that ran the instance was lost. */
  | { readonly type: "workflow_recovered" }
  | { readonly type: "workflow_completed"; readonly output?: Encoded }
  | { readonly type: "workflow_errored"; readonly error: ErrorInfo }
  | { readonly type: "workflow_terminated" };

/** The events of one `step.do`. */
export type DoEvent =
  /** `config` is absent when it is the default (`DEFAULT_STEP_CONFIG`). */
  | (StepRef & { readonly type: "step_started"; readonly config?: StepConfig })
  | (AttemptRef & { readonly type: "attempt_started" })
  | (AttemptRef & { readonly type: "attempt_completed" })
  /** `retryDelayMs` is absent when no retry follows. */
  | (AttemptRef & { readonly type: "attempt_errored"; readonly error: ErrorInfo; readonly retryDelayMs?: number })
  /** `output` is absent when the step returned `undefined`. */
  | (StepRef & { readonly type: "step_completed"; readonly output?: Encoded })
  | (StepRef & { readonly type: "step_errored" });

/** The events of `step.sleep` and `step.sleepUntil`. `wakeAt` (internal) is epoch milliseconds. */
export type SleepEvent =
  | (StepRef & { readonly type: "sleep_started"; readonly durationMs: number; readonly wakeAt: number })
  | (StepRef & { readonly type: "sleep_completed" });

/** The events of `step.waitForEvent` and of what it waits for. */
export type WaitEvent =
  | (StepRef & { readonly type: "wait_started"; readonly eventType: string; readonly timeoutMs: number })
  /** `payload` and `receivedAt` (epoch milliseconds) are internal: subscribers are told neither. */
  | (StepRef & { readonly type: "wait_completed"; readonly payload: Encoded; readonly receivedAt: number })
  | (StepRef & { readonly type: "wait_timed_out" })
  /** Internal: an event that nobody waited for yet. */
  | { readonly type: "event_received"; readonly eventType: string; readonly payload: Encoded };

/** What happened, without when. */
export type EventBody = LifecycleEvent | DoEvent | SleepEvent | WaitEvent;

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
  | Extract<LifecycleEvent, { type: "workflow_completed" | "workflow_errored" }>;
