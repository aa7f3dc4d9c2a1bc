/** The state of an instance: what is left of its journal when outputs are put aside. `evolve.ts` folds events into it. */
import type { Retention, StepConfig } from "./events.ts";
import type { ErrorInfo } from "../values/error-info.ts";
import type { ScheduleInfo } from "../time/schedule-info.ts";
import type { InstanceStatus, TriggerSource } from "./status.ts";
import type { StepName } from "../step/step.ts";
import type { StoredStream } from "../step/stream.ts";
import type { Encoded } from "../values/value.ts";

/** Where and when an event is recorded. */
export interface Stamp {
  readonly eventId: number;
  /** Epoch milliseconds. */
  readonly timestamp: number;
  /** The journal row that holds the event. */
  readonly seq: number;
}

interface StepBase extends StepName {
  readonly id: string;
  /** The journal row that holds the outcome, once there is one. */
  settledIn: number | undefined;
}

/** A `step.do`. */
export interface DoStep extends StepBase {
  readonly kind: "do";
  readonly config: StepConfig;
  /** True when user code gave a handler that undoes it. */
  readonly rollback: boolean;
  /** How many attempts have begun. */
  attempts: number;
  /** Those of its attempts that were cut off; undefined while there are none. */
  lost: LostAttempts | undefined;
  phase: DoPhase;
}

/**
 * What a `do` is at. `delayed` waits for its next attempt; `dueAt` is epoch milliseconds. The stream that an attempt may
 * bring is known by a number: see `stream.ts`. `since` is when the attempt began, in epoch milliseconds.
 */
export type DoPhase =
  | { readonly is: "started" }
  | { readonly is: "attempting"; readonly stream: number; readonly since: number }
  | { readonly is: "delayed"; readonly dueAt: number }
  | { readonly is: "succeeded"; readonly stream: number }
  /** `frame` is the function that threw, where it has a name. */
  | { readonly is: "failed"; readonly error: ErrorInfo; readonly frame?: string }
  /** `stream` is undefined when the output is a value. */
  | { readonly is: "completed"; readonly stream: StoredStream | undefined }
  | { readonly is: "errored"; readonly error: ErrorInfo; readonly frame?: string };

/** A `step.sleep` or `step.sleepUntil`. */
export interface SleepStep extends StepBase {
  readonly kind: "sleep";
  dueAt: number;
}

/** A `step.waitForEvent`. `dueAt` is when it times out. */
export interface WaitStep extends StepBase {
  readonly kind: "waitForEvent";
  readonly eventType: string;
  readonly timeoutMs: number;
  dueAt: number;
  timedOut: boolean;
}

export type StepState = DoStep | SleepStep | WaitStep;

/** The attempts of a step that were lost. */
export interface LostAttempts {
  /** All of them. */
  readonly attempts: number;
  /** Those in a row, since an attempt of the step last ended by itself, that were lost in company. */
  readonly shared: number;
  /** The same, alone. */
  readonly alone: number;
}

/** An event that waits for a waiter. */
export interface BufferedEvent {
  readonly payload: Encoded;
  readonly receivedAt: number;
}

/** How far the undoing has come. */
export interface RollbackState {
  /** With which error the instance ends, when it ends `errored`. */
  readonly error: ErrorInfo;
  /** The error that began the rollback, which handlers are given. */
  readonly trigger: ErrorInfo;
  readonly end: "errored" | "terminated";
  /** The steps that are not undone yet, in the order in which they had started: the last one is next. */
  readonly remaining: DoStep[];
  /** The running handler, in the form of a step with the name and count of the one that it undoes. */
  step: DoStep | undefined;
}

/** The fold of a journal. */
export interface InstanceState {
  status: InstanceStatus;
  lastEventId: number;
  readonly versionId: string;
  readonly trigger: TriggerSource;
  readonly params: Encoded;
  readonly schedule: ScheduleInfo | undefined;
  readonly retention: Retention | undefined;
  startedAt: number | null;
  endedAt: number | null;
  pausedAt: number | null;
  /** Why it was paused, when the engine paused it. */
  pausedFor: string | undefined;
  /** Every step of this life, and those that a restart from a step kept, in the order in which they started. */
  readonly steps: StepState[];
  readonly byId: Map<string, StepState>;
  /** The steps without an outcome, in the same order. */
  readonly open: Set<StepState>;
  /** By event type, oldest first. */
  readonly buffered: Map<string, BufferedEvent[]>;
  bufferedCount: number;
  /** From the beginning of a rollback on. */
  rollback: RollbackState | undefined;
  /** Bytes of the streams that its steps have brought. */
  streamBytes: number;
  /** How often in a row the instance was lost by its own doing, as far as is known, without having started anything since. */
  recoveries: number;
  /** How often since then it was lost with a host in which it was not alone. */
  sharedRecoveries: number;
  /** True once a step with a secret output has begun. */
  sensitive: boolean;
}
