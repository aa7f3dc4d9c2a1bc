/**
 * What the engine and the code beside the user's say to one another. A *run* is one activation of an instance in a
 * host: from `start` until its last event or `stop`. Frames of a run arrive in the order in which they were sent.
 */
import type { Arrangement } from "../model/step/arrangement.ts";
import type { RuntimeEvent, StepConfig } from "../model/instance/events.ts";
import type { ErrorInfo } from "../model/values/error-info.ts";
import type { ScheduleInfo } from "../model/time/schedule-info.ts";
import type { StepKey, StepName } from "../model/step/step.ts";
import type { StreamSize } from "../model/step/stream.ts";
import type { Encoded } from "../model/values/value.ts";

/** What the journal knows of a step that had begun before this run. */
export type Outcome =
  /** A `do` that is over. `output` is absent for `undefined`; of a stream, it is how much there is to read. */
  | { readonly key: StepKey; readonly state: "completed"; readonly output?: Encoded | StreamSize }
  /** `payload` belongs to a waitForEvent, `receivedAt` is epoch milliseconds. */
  | {
      readonly key: StepKey;
      readonly state: "received";
      readonly eventType: string;
      readonly payload: Encoded;
      readonly receivedAt: number;
    }
  | { readonly key: StepKey; readonly state: "slept" }
  | { readonly key: StepKey; readonly state: "errored"; readonly error: ErrorInfo }
  | { readonly key: StepKey; readonly state: "timedOut"; readonly timeoutMs: number }
  /** A sleep or wait that goes on: the engine will send `outcome` when it ends. */
  | { readonly key: StepKey; readonly state: "pending" }
  /**
   * A `do` that goes on. `attempts` have been begun (and failed), of which `lost` were cut off and do not count as retries;
   * the next may start at once when `due`, else when the engine says `retry`. `config` is the one stored at the step's first
   * start and holds for good.
   */
  | {
      readonly key: StepKey;
      readonly state: "retrying";
      readonly attempts: number;
      readonly lost?: number;
      readonly due: boolean;
      readonly config: StepConfig;
    };

/** Settings of the workflow's version that the runtime obeys. */
export interface RunOptions {
  /** How many `step.do` an instance may make. */
  readonly maxSteps: number;
  /** Cloudflare's flag `workflows_preserve_non_retryable_error_message`. */
  readonly preserveNonRetryable: boolean;
  /** The delay before the first retry when a step names none. Production: 10,000 ms. */
  readonly defaultRetryDelayMs: number;
}

/** What to run. */
export interface StartFrame {
  readonly type: "start";
  /** Names the activation in all later frames. Never used twice in a host. */
  readonly run: number;
  readonly className: string;
  readonly workflow: string;
  readonly instanceId: string;
  readonly params: Encoded;
  /** Epoch milliseconds: `event.timestamp`. */
  readonly timestamp: number;
  readonly schedule?: ScheduleInfo;
  readonly options: RunOptions;
  /** The first window of outcomes, in the order in which the steps had started. */
  readonly history: readonly Outcome[];
  /** How many steps the journal knows in all; more than `history.length` when there are further windows. */
  readonly knownSteps: number;
  /** True after a crash: each attempt's start must be durable before its callback runs. */
  readonly careful: boolean;
  /** True when the instance is about to be paused: no new attempt may begin. */
  readonly paused: boolean;
  /**
   * Present when steps are to be undone: the run begins nothing and waits for `compensate`. `error` is passed to handlers.
   * `inherits` names the run whose handlers it takes over, and which ends by that; missing handlers are found by replay.
   */
  readonly rollback?: { readonly error: ErrorInfo; readonly inherits?: number };
  /** What a test has arranged for its steps. Only from engines of tests. */
  readonly arrangements?: readonly Arrangement[];
}

/** A rollback handler that had begun before this run. As for steps, the configuration that it began with holds. */
export interface BegunHandler {
  readonly config: StepConfig;
  readonly attempts: number;
  /** How many of them were cut off. */
  readonly lost?: number;
  /** The next attempt may start at once; else when the engine says `retry`. */
  readonly due: boolean;
}

/**
 * A chunk of a stream, of the step `name` and `count`. Towards the engine it is the next one that the attempt under way
 * has to store; towards the runtime it answers `read`. Crosses as it is, apart from text, and its bytes change hands.
 */
export interface ChunkFrame extends StepName {
  readonly type: "chunk";
  readonly run: number;
  /** From 0. */
  readonly index: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export type ToRuntime =
  | StartFrame
  /** Answers `need`: the outcomes of steps number `from`, `from + 1`, … (counted from 0). */
  | { readonly type: "history"; readonly run: number; readonly from: number; readonly outcomes: readonly Outcome[] }
  /** Pairs of (run, n): all `events` frames of that run up to number n are durable. */
  | { readonly type: "acks"; readonly acks: readonly number[] }
  /** A pending sleep or wait has ended. Durable already. */
  | { readonly type: "outcome"; readonly run: number; readonly outcome: Outcome }
  /** The delay before the next attempt is over. */
  | { readonly type: "retry"; readonly run: number; readonly key: StepKey }
  /** Undo the step whose outcome this is; `retry` is then about its handler. */
  | { readonly type: "compensate"; readonly run: number; readonly outcome: Outcome; readonly begun?: BegunHandler }
  /** What a test has arranged has changed; it holds for steps that have not begun. Only from engines of tests. */
  | { readonly type: "arrange"; readonly run: number; readonly arrangements: readonly Arrangement[] }
  | ChunkFrame
  /** Answers `read` of a chunk that should be there, and is not. */
  | { readonly type: "missing"; readonly run: number; readonly name: string; readonly count: number; readonly index: number }
  /** So many chunks of the stream that an attempt of the step has sent are durable. */
  | { readonly type: "stored"; readonly run: number; readonly name: string; readonly count: number; readonly chunks: number }
  /** The instance may not keep the last chunk, or any more: the attempt has failed. */
  | { readonly type: "full"; readonly run: number; readonly name: string; readonly count: number }
  /** Begin no new attempt; say `idle` when the running ones have ended. */
  | { readonly type: "pause"; readonly run: number }
  | { readonly type: "unpause"; readonly run: number }
  /**
   * Leave memory, and say `parked`, once nothing that user code has set going is under way: timers, requests, sockets. Passed
   * over by a run that is not idle; taken back by whatever sets it going again.
   */
  | { readonly type: "park"; readonly run: number }
  /** Forget the run. Its promises stay pending for ever; nothing it does is recorded any more. */
  | { readonly type: "stop"; readonly run: number };

export type FromRuntime =
  | ChunkFrame
  /** Please send a chunk of the stream that the step has returned. */
  | { readonly type: "read"; readonly run: number; readonly name: string; readonly count: number; readonly index: number }
  /** Facts, in order. `n` counts the `events` frames of the run from 1. */
  | { readonly type: "events"; readonly run: number; readonly n: number; readonly events: readonly RuntimeEvent[] }
  /**
   * The run only has waits, retry delays and, when pausing, steps held back. `signals` counts the received frames that make it
   * go on or stop (`outcome`, `retry`, `pause`, `unpause`): if more of them are in flight, it is not idle after all.
   */
  | { readonly type: "idle"; readonly run: number; readonly signals: number }
  /** The run was idle and has left memory, as requested. Its last frame: it has missed the frames sent to it meanwhile. */
  | { readonly type: "parked"; readonly run: number }
  /** Please send `history` from this step number on. */
  | { readonly type: "need"; readonly run: number; readonly from: number }
  /** The run has ended without an answer: its place is gone, though the host is not. Its last frame. */
  | { readonly type: "lost"; readonly run: number; readonly detail: string };
