/**
 * The fold of a journal that all views of an instance share: how it stands, and what became of each of its steps, in the order in
 * which they started. It takes one event at a time. Of outputs it keeps what a view wants of them, so that a view of a journal of
 * any length costs what it shows.
 */
import type { InstanceEvent, StepConfig } from "../instance/events.ts";
import type { ErrorInfo } from "../values/error-info.ts";
import type { ScheduleInfo } from "../time/schedule-info.ts";
import { keptSteps } from "../instance/restart.ts";
import { pausedMs, type InstanceStatus, type TriggerSource } from "../instance/status.ts";
import { statusAfter } from "../instance/event-kinds.ts";
import { displayName, stepId, type StepKey } from "../step/step.ts";
import { DEFAULT_STEP_CONFIG } from "../step/config.ts";
import type { Output } from "../step/stream.ts";
import type { Encoded } from "../values/value.ts";

/** One call of a step's callback. Epoch milliseconds. */
export interface AttemptView {
  readonly start: number;
  /** Null while it goes on. */
  end: number | null;
  error: ErrorInfo | null;
}

interface EntryView<Shown> {
  /** With its counter. */
  readonly name: string;
  /** Epoch milliseconds. */
  readonly start: number;
  state: "running" | "complete" | "errored";
  /** What the view keeps of its output; undefined when there is none, or nothing is to be kept. */
  shown: Shown | undefined;
}

/** A `step.do`, or the handler that undoes one. */
export interface StepView<Shown = never> extends EntryView<Shown> {
  readonly type: "step" | "rollback";
  readonly config: StepConfig;
  /** Of the present life. */
  readonly attempts: AttemptView[];
  /** The number of the stream that its last attempt may have brought. */
  stream: number;
  /** Null while it goes on. */
  end: number | null;
}

/** A sleep. `end` is the planned end while it lasts. */
export interface SleepView<Shown = never> extends EntryView<Shown> {
  readonly type: "sleep";
  state: "running" | "complete";
  end: number;
}

/** A wait for an event. `end` is the deadline while it lasts. */
export interface WaitView<Shown = never> extends EntryView<Shown> {
  readonly type: "waitForEvent";
  readonly eventType: string;
  readonly timeoutMs: number;
  end: number;
}

export type StepLike<Shown = never> = StepView<Shown> | SleepView<Shown> | WaitView<Shown>;

/** The instance was terminated by a request. */
export interface TerminationView {
  readonly type: "termination";
}

/** How a rollback ended. `error` is that of the handler which failed for good. */
export interface RollbackOutcome {
  readonly outcome: "complete" | "failed";
  readonly error: ErrorInfo | null;
}

/** How an instance stands. Moments are epoch milliseconds, null while they have not come. */
export interface LifeView {
  status: InstanceStatus;
  readonly params: Encoded;
  readonly trigger: TriggerSource;
  readonly schedule: ScheduleInfo | undefined;
  readonly versionId: string;
  readonly queued: number;
  start: number | null;
  end: number | null;
  pausedAt: number | null;
  error: ErrorInfo | null;
  output: Encoded | undefined;
  /** Null unless a rollback has ended. */
  rollback: RollbackOutcome | null;
}

/** Makes what a view keeps of the output of a step, or of the payload that a wait has got. */
export type Keep<Shown> = (of: StepLike<Shown>, output: Output) => Shown | undefined;

type StepEvent = Extract<InstanceEvent, { name: string }>;

export class InstanceView<Shown = never> {
  readonly #keep: Keep<Shown>;
  #life: LifeView | undefined;
  #entries: (StepLike<Shown> | TerminationView)[] = [];
  /** The steps among them that have not ended. */
  readonly #open: Map<string, StepLike<Shown>> = new Map();
  /** The newest event; 0 before the first. */
  lastEventId = 0;

  constructor(keep: Keep<Shown> = () => undefined) {
    this.#keep = keep;
  }

  /** Steps and terminations, in the order in which they started. */
  get entries(): readonly (StepLike<Shown> | TerminationView)[] {
    return this.#entries;
  }

  /** Undefined before the first event. */
  get life(): LifeView | undefined {
    return this.#life;
  }

  /** The step if it goes on. */
  open({ kind, name, count }: StepKey): StepLike<Shown> | undefined {
    return this.#open.get(stepId(kind, name, count));
  }

  /** Takes in the next event. */
  add(event: InstanceEvent): void {
    this.lastEventId = event.eventId;
    if (event.type === "workflow_queued") return this.#begin(event);
    if (this.#life === undefined) return;
    if ("name" in event) this.#addStep(event);
    else this.#addLife(this.#life, event);
  }

  /** A life begins: of the one before there is what a restart keeps, unfinished steps as if just begun. */
  #begin({ from, timestamp, params, trigger, schedule, versionId }: Extract<InstanceEvent, { type: "workflow_queued" }>): void {
    const again = from && this.#entries.find((entry) => isOf(entry, from));
    const kept = from === undefined ? [] : keptSteps(this.#entries, again);
    this.#postpone(pausedMs(this.#life?.pausedAt, timestamp));
    const isKept = new Set<unknown>(kept);
    for (const [id, step] of this.#open) {
      if (!isKept.has(step)) this.#open.delete(id);
      else if (isStep(step)) step.attempts.length = 0;
    }
    this.#entries = kept;
    this.#life = {
      status: "queued",
      params,
      trigger,
      schedule,
      versionId,
      queued: timestamp,
      start: null,
      end: null,
      pausedAt: null,
      error: null,
      output: undefined,
      rollback: null,
    };
  }

  #addLife(life: LifeView, event: Exclude<InstanceEvent, StepEvent>): void {
    life.status = statusAfter(event.type) ?? life.status;
    switch (event.type) {
      case "workflow_started":
        life.start = event.timestamp;
        return;
      case "workflow_paused":
        life.pausedAt = event.timestamp;
        return;
      case "workflow_resumed":
        this.#postpone(pausedMs(life.pausedAt, event.timestamp));
        life.pausedAt = null;
        return;
      case "rollback_started":
        life.pausedAt = null;
        return;
      case "rollback_completed":
        life.rollback = { outcome: "complete", error: null };
        return;
      case "rollback_errored":
        life.rollback = { outcome: "failed", error: event.error };
        return;
      case "workflow_completed":
        life.end = event.timestamp;
        life.output = event.output;
        return;
      case "workflow_errored":
        life.end = event.timestamp;
        life.error = event.error;
        return;
      case "workflow_terminated":
        life.end = event.timestamp;
        this.#entries.push({ type: "termination" });
        return;
      default:
    }
  }

  #addStep(event: StepEvent): void {
    const id = idOf(event);
    const begun = begin<Shown>(event);
    if (begun !== undefined) {
      this.#entries.push(begun);
      this.#open.set(id, begun);
      return;
    }
    const step = this.#open.get(id);
    if (step === undefined) return;
    if (isStep(step)) this.#advance(step, event);
    else this.#settle(step, event);
    if (step.state !== "running") this.#open.delete(id);
  }

  #advance(step: StepView<Shown>, event: StepEvent): void {
    const { timestamp } = event;
    const attempt = step.attempts.at(-1);
    switch (event.type) {
      case "attempt_started":
      case "rollback_attempt_started":
        step.attempts.push({ start: timestamp, end: null, error: null });
        step.stream = event.eventId;
        return;
      case "attempt_completed":
      case "rollback_attempt_completed":
        if (attempt !== undefined) attempt.end = timestamp;
        return;
      case "attempt_errored":
      case "rollback_attempt_errored":
        if (attempt !== undefined) Object.assign(attempt, { end: timestamp, error: event.error });
        return;
      case "step_completed":
      case "rollback_step_completed":
        if ("output" in event && event.output !== undefined) step.shown = this.#keep(step, event.output);
        Object.assign(step, { state: "complete", end: timestamp });
        return;
      case "step_errored":
      case "rollback_step_errored":
        Object.assign(step, { state: "errored", end: timestamp });
        return;
      default:
    }
  }

  #settle(step: SleepView<Shown> | WaitView<Shown>, event: StepEvent): void {
    step.end = event.timestamp;
    // A sleep that is cut short ends then, as far as is known.
    if (event.type === "delay_skipped") return;
    if (event.type === "wait_timed_out" && step.type === "waitForEvent") step.state = "errored";
    else step.state = "complete";
    if (event.type === "wait_completed") step.shown = this.#keep(step, event.payload);
  }

  #postpone(byMs: number): void {
    for (const step of this.#open.values()) if (!isStep(step)) step.end += byMs;
  }
}

/** True for what has attempts. */
export function isStep<Shown>(entry: { readonly type: string } | StepLike<Shown>): entry is StepView<Shown> {
  return entry.type === "step" || entry.type === "rollback";
}

function isOf(entry: { readonly type: string; readonly name?: string }, { kind, name, count }: StepKey): boolean {
  return entry.type === (kind === "do" ? "step" : kind) && entry.name === displayName(name, count);
}

/** How a wait ends for which no event came. */
export function timedOut({ timeoutMs }: Pick<WaitView, "timeoutMs">): ErrorInfo {
  return { name: "WorkflowTimeoutError", message: `Execution timed out after ${timeoutMs}ms` };
}

function idOf(event: StepEvent): string {
  const { type, name, count } = event;
  if (type === "delay_skipped") return stepId(event.kind, name, count);
  if (type.startsWith("rollback")) return `rollback ${stepId("do", name, count)}`;
  if (type.startsWith("sleep")) return stepId("sleep", name, count);
  return stepId(type.startsWith("wait") ? "waitForEvent" : "do", name, count);
}

function begin<Shown>(event: StepEvent): StepLike<Shown> | undefined {
  const base = {
    name: displayName(event.name, event.count),
    start: event.timestamp,
    state: "running",
    shown: undefined,
  } as const;
  switch (event.type) {
    case "step_started":
    case "rollback_step_started": {
      const type = event.type === "step_started" ? "step" : "rollback";
      return { ...base, type, end: null, config: event.config ?? DEFAULT_STEP_CONFIG, attempts: [], stream: 0 };
    }
    case "sleep_started":
      return { ...base, type: "sleep", end: event.wakeAt };
    case "wait_started": {
      const { eventType, timeoutMs } = event;
      return { ...base, type: "waitForEvent", end: event.timestamp + timeoutMs, eventType, timeoutMs };
    }
    default:
      return undefined;
  }
}
