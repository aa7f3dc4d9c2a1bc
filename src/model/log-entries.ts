/** What an instance's log consists of. Times are ISO 8601 as the REST API has them, or whatever else the fold was told (`log.ts`). */
import type { ErrorInfo, ScheduleInfo, StepConfig } from "./events.ts";
import type { InstanceStatus, TriggerSource } from "./status.ts";

/** One call of a step's callback. Times are ISO 8601, unless the fold was told otherwise. */
export interface AttemptEntry<Time = string> {
  readonly start: Time;
  end: Time | null;
  success: boolean | null;
  error: ErrorInfo | null;
}

/** A `step.do`, or the handler that undoes one. */
export interface StepEntry<Time = string> {
  readonly name: string;
  readonly type: "step" | "rollback";
  readonly start: Time;
  end: Time | null;
  success: boolean | null;
  output: string | null;
  readonly config: StepConfig;
  readonly attempts: AttemptEntry<Time>[];
}

/** A sleep. `end` is the planned end while it lasts. */
export interface SleepEntry<Time = string> {
  readonly name: string;
  readonly type: "sleep";
  readonly start: Time;
  end: Time;
  finished: boolean;
  error: ErrorInfo | null;
}

/** A wait for an event. `end` is the deadline while it lasts. */
export interface WaitEntry<Time = string> {
  readonly name: string;
  readonly type: "waitForEvent";
  readonly event_type: string;
  readonly start: Time;
  end: Time;
  finished: boolean;
  error: ErrorInfo | null;
  output?: string;
}

/** Somebody terminated the instance. */
export interface TerminationEntry {
  readonly type: "termination";
  readonly trigger: { readonly source: TriggerSource };
}

export type LogEntry<Time = string> = StepEntry<Time> | SleepEntry<Time> | WaitEntry<Time> | TerminationEntry;

/** How a rollback ended. `error` is that of the handler which failed for good. */
export interface RollbackOutcome {
  readonly outcome: "complete" | "failed";
  readonly error: ErrorInfo | null;
}

/** An instance's log. */
export interface InstanceLog<Time = string> {
  status: InstanceStatus;
  readonly params: unknown;
  readonly trigger: { readonly source: TriggerSource };
  readonly schedule?: ScheduleInfo;
  readonly versionId: string;
  readonly queued: Time;
  start: Time | null;
  end: Time | null;
  success: boolean | null;
  error: ErrorInfo | null;
  output: string | number | null;
  /** Null unless a rollback has ended. */
  rollback: RollbackOutcome | null;
  /** In the order in which they started. */
  readonly steps: LogEntry<Time>[];
}
