/**
 * The engine's table of contents: what can be asked of it. Each verb has a file of its own in `verbs/` or `reading/`.
 */
import type { InstanceEvent, Retention } from "../model/instance/events.ts";
import type { ScheduleInfo } from "../model/time/schedule-info.ts";
import type { Failure, FailureName } from "../model/failures/failure.ts";
import type { PublicEvent } from "../model/views/public-event.ts";
import type { InstanceStatus, TriggerSource } from "../model/instance/status.ts";
import type { StepKey } from "../model/step/step.ts";
import type { StoredStream } from "../model/step/stream.ts";
import type { Encoded } from "../model/values/value.ts";
import type { InstanceFilter } from "../ports/instances/search.ts";
import type { InstanceSummary } from "../ports/instances/summary.ts";

/** An instance to create. */
export interface CreateRequest {
  /** 1–100 characters of `[a-zA-Z0-9_-]`, not starting with `-`. A random UUID when absent. */
  readonly id?: string;
  /** Becomes `event.payload`; `{}` when absent. At most 1 MiB. */
  readonly params?: Encoded;
  readonly schedule?: ScheduleInfo;
  readonly retention?: Retention;
}

/** What has happened to the instances of a workflow. */
export interface WorkflowNews {
  readonly events: readonly PublicEvent[];
  /** How many events before these the reader was too slow for: they have been let go. */
  readonly missed: number;
}

/** Which instance. */
export interface InstanceAddress {
  readonly workflow: string;
  readonly id: string;
}

/** How many instances match: exactly, or at least so many. */
export interface MatchCount {
  readonly count: number;
  readonly isExact: boolean;
}

/** A limit that is reached: how many places there are, and how many are taken. */
export interface FullPlaces {
  readonly of: "workflow" | "server";
  readonly limit: number;
  readonly taken: number;
}

/** A step that waits. */
export interface WaitingStep {
  readonly type: "step" | "sleep" | "waitForEvent";
  /** With its counter, as in the log. */
  readonly name: string;
  /** When it goes on at the latest, in epoch milliseconds. */
  readonly due: number;
}

/** What keeps an instance from going on. */
export interface Waits {
  readonly status: InstanceStatus;
  /** The ones due first, in order of their due time. */
  readonly steps: readonly WaitingStep[];
  /** The limit that it waits behind, though it could go on; null when there is none. */
  readonly place: FullPlaces | null;
  /** What has to be mended before it can be resumed; null unless it was paused by the engine. */
  readonly pausedFor: string | null;
}

/** What can be done to all instances that match. */
export const INSTANCE_ACTIONS = ["pause", "resume", "restart", "terminate", "delete"] as const;

export type InstanceAction = (typeof INSTANCE_ACTIONS)[number];

/** How an action on many instances stands. */
export interface Action {
  readonly id: string;
  readonly workflow: string;
  readonly action: InstanceAction;
  readonly filter: InstanceFilter;
  /** The instances that matched when it began. */
  readonly total: MatchCount;
  readonly state: "running" | "done" | "stopped" | "failed";
  /** Instances that have been changed. */
  readonly done: number;
  /** Instances that were passed over, by what was said of them. */
  readonly refused: readonly (readonly [FailureName, number])[];
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly endedAt: number | null;
}

/**
 * Runs instances. Every promise resolves only when what it says is durable, and rejects with a `Failure` when the
 * request is refused, in which case nothing has changed.
 */
export interface Engine {
  /** Looks for work from now on. Nothing that was left unfinished goes on before that. */
  start(): void;
  /**
   * Fails as `create` would for any instance at this moment, where that is known without looking anything up: so that a
   * request can be refused before it has been read.
   */
  admit(workflow: string): void;
  /** Creates instances in one commit; the answer has a summary or a `Failure` for each request, in order. */
  create(workflow: string, requests: readonly CreateRequest[], trigger: TriggerSource): Promise<(InstanceSummary | Failure)[]>;
  /** Fails with `workflow.not_found` or `instance.not_found`. */
  summary(address: InstanceAddress): Promise<InstanceSummary>;
  /**
   * The durable events of the instance's present life, oldest first, many at a time: one by one, a hundred thousand take longer
   * to be handed over than to be read.
   */
  history(address: InstanceAddress): AsyncIterable<readonly InstanceEvent[]>;

  /**
   * The events of the instance's present life from the first one on, some at a time, and then those that become durable:
   * until a final one, until the instance is deleted, or until `signal` aborts. Fails as `summary` does, and with
   * `shutting_down`. Never holds more for a slow reader than for a quick one: what it has missed, it reads from the store.
   */
  follow(address: InstanceAddress, signal: AbortSignal): AsyncIterable<readonly InstanceEvent[]>;
  /**
   * The public events of all instances of a workflow that become durable from now on, until `signal` aborts; fails with
   * `shutting_down`. Restricted to `types` if they are given; types that other readers follow may be included.
   */
  followWorkflow(workflow: string, signal: AbortSignal, types?: readonly string[]): AsyncIterable<WorkflowNews>;
  /**
   * The bytes of a stream that a step has brought, chunk by chunk. Fails with `instance.step_output_corrupt` when they
   * are not all there.
   */
  stream(address: InstanceAddress, stream: StoredStream): AsyncIterable<Uint8Array>;
  /** Each of these answers the status right after it took effect. */
  pause(address: InstanceAddress): Promise<InstanceStatus>;
  resume(address: InstanceAddress): Promise<InstanceStatus>;
  /**
   * With `rollback`, steps that can be undone are undone first, and the status is `rollingBack`; one that is rolling back
   * already ends at once when it is terminated without. Fails with `instance.cannot_terminate` when the instance has ended.
   */
  terminate(address: InstanceAddress, options?: { readonly rollback?: boolean }): Promise<InstanceStatus>;
  /**
   * Starts the instance again with its own params and the newest version of the workflow: from the beginning, or keeping
   * the steps that had started before `from` (see `model/instance/restart.ts`). Fails with `instance.cannot_restart` when it has
   * not started such a step, and with `workflow.script_deleted` when the workflow's script has been deleted.
   */
  restart(address: InstanceAddress, from?: StepKey): Promise<InstanceStatus>;
  /** Fails with `instance.in_finite_state` when the instance has ended. */
  sendEvent(address: InstanceAddress, eventType: string, payload: Encoded): Promise<void>;
  /**
   * Ends a sleep, or the delay before a step's next attempt, now. Fails with `instance.not_delayed` when the instance does
   * not wait there.
   */
  skipDelay(address: InstanceAddress, step: StepKey): Promise<void>;
  /** What the instance waits for. */
  waits(address: InstanceAddress): Promise<Waits>;
  /**
   * Deletes instances whatever they are doing; the answer has `undefined` or a `Failure` for each id, in order. Fails when they
   * could not all be deleted because the store takes no changes.
   */
  remove(workflow: string, ids: readonly string[]): Promise<(Failure | undefined)[]>;
  /** How many instances match. */
  count(filter: InstanceFilter): Promise<MatchCount>;
  /**
   * Starts an action on every instance that matches now, in the background. Instances that cannot be changed are skipped
   * and counted. Fails with `action.too_many`.
   */
  startBulkAction(action: InstanceAction, filter: InstanceFilter): Promise<Action>;
  /** Actions on the instances of a workflow, the newest first: running ones, and some that are over. */
  actions(workflow: string): Action[];
  /** Fails with `action.not_found`. */
  action(workflow: string, id: string): Action;
  /** Ends an action before its time; instances that it has not got to stay as they are. Fails with `action.not_found`. */
  stopAction(workflow: string, id: string): Action;
  /** Begins to terminate every unfinished instance of a workflow (with this status, if one is given), in the background. */
  terminateAll(workflow: string, status?: InstanceStatus): "ok" | "already_running";
  terminatingAll(workflow: string): boolean;
  /** Begins to delete every instance of a workflow that has been removed from the catalogue, in the background. */
  removeAll(workflow: string): void;
  /** A test has changed its arrangements for instances of a workflow: running ones are notified before the next frame. */
  arrangementsChanged(workflow: string): void;
  /**
   * Why every change is refused at the moment: the store takes none (`store.full`, `store.read_only`, `store.io`,
   * `store.failed`), or never will again (`store.fenced`, `store.gone`). Undefined while all is well.
   */
  trouble(): Failure | undefined;
  /**
   * Resolves when the engine has had to stop by itself, with the reason: `store.fenced` or `store.gone`. Nothing runs any more
   * then, and everything is refused; it remains to be closed.
   */
  readonly ended: Promise<Failure>;
  /** Stops taking work, waits up to `drainMs` for running steps, suspends the rest, flushes, and closes the hosts. */
  close(drainMs?: number): Promise<void>;
}
