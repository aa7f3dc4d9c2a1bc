/**
 * What the checker knows of an instance: a fold of its durable events, written without the engine's own fold, that says of each
 * event whether it may follow those before it.
 */
import type { InstanceEvent, Retention } from "../../../src/model/instance/events.ts";
import { holdsPlace, isFinal, type InstanceStatus } from "../../../src/model/instance/status.ts";
import { EVENT_TYPE, keyOf } from "../program.ts";

/** A step as its events tell it. */
export interface StepRecord {
  readonly kind: "do" | "sleep" | "wait";
  readonly limit: number;
  readonly hasUndo: boolean;
  attempts: number;
  /** Attempts that failed by themselves. */
  failures: number;
  isAttempting: boolean;
  /** When it goes on by itself, in epoch milliseconds; undefined while user code works on it. */
  dueAt: number | undefined;
  /** When its last attempt failed, in milliseconds of the agenda. */
  delayedAt: number;
  readonly eventType: string | undefined;
  outcome: { readonly is: "ok"; readonly value: string | undefined } | { readonly is: "error" } | undefined;
}

/** The status after events that change it, spelled out again on purpose. */
const STATUS_AFTER: Partial<Record<InstanceEvent["type"], InstanceStatus>> = {
  workflow_queued: "queued",
  workflow_running: "running",
  workflow_waiting: "waiting",
  workflow_waiting_for_pause: "waitingForPause",
  workflow_paused: "paused",
  workflow_resumed: "queued",
  workflow_completed: "complete",
  workflow_errored: "errored",
  workflow_terminated: "terminated",
  rollback_started: "rollingBack",
};

/** How long frames that begin a step may be on their way when an instance is asked to pause, in milliseconds. */
const PAUSE_MS = 500;

export class InstanceRecord {
  readonly pk: number;
  readonly workflow: string;
  readonly id: string;
  /** All events that there have ever been, by id; restarts void them, but they were there. */
  readonly events: Map<number, InstanceEvent> = new Map();
  /** The statuses that it has had, in order. */
  readonly statuses: InstanceStatus[] = [];
  /** How often it began anew. */
  life: number = 0;
  /** Milliseconds of the agenda when something last happened to it. */
  progressAt: number = 0;
  steps: Map<string, StepRecord> = new Map();
  readonly undone: Set<string> = new Set();
  /** Payloads of events that no step has taken yet. */
  kept: string[] = [];
  isGone: boolean = false;
  /** True from the beginning of a rollback on: user code may be called only to find its handlers, and is given nothing then. */
  isUndoing: boolean = false;
  endError: string | undefined;
  /** When it ended last, in epoch milliseconds. */
  endedAt: number = 0;
  /** What it was given when it was created or restarted. */
  retention: Retention = {};
  /** The version of its workflow that it is pinned to. */
  versionId: string = "";
  /** The latest time that clocks have shown, before they were set back, since so many milliseconds of the agenda. */
  shownSince: (since: number) => number = () => -Infinity;
  /** True while frames and commits take no longer than usual. */
  isCalm: boolean = false;
  #lastId = 0;
  #pausingAt = 0;
  #pausedAt = 0;

  constructor(pk: number, workflow: string, id: string) {
    this.pk = pk;
    this.workflow = workflow;
    this.id = id;
  }

  get status(): InstanceStatus {
    return this.statuses.at(-1) ?? "queued";
  }

  /** Adds an event. Answers what is wrong with it, if anything is. */
  add(event: InstanceEvent, seenPayloads: Set<string>): string | undefined {
    const { type, eventId } = event;
    // What a restart makes void need not have been written.
    const mayLeap = type === "workflow_queued" && event.from === undefined;
    if (mayLeap ? eventId <= this.#lastId : eventId !== this.#lastId + 1)
      return `event ${eventId} comes after event ${this.#lastId}`;
    this.#lastId = eventId;
    this.events.set(eventId, event);
    if (isFinal(this.status) && this.statuses.length > 0 && type !== "workflow_queued") return `${type} after the end`;
    const wrong = this.#fold(event, seenPayloads);
    const status = STATUS_AFTER[type];
    if (status !== undefined) this.statuses.push(status);
    if (isFinal(this.status)) this.endedAt = event.timestamp;
    return wrong && `${type}: ${wrong}`;
  }

  /** When it goes on without being asked, in epoch milliseconds; `-Infinity` when at once, undefined when never. */
  goesOnAt(): number | undefined {
    if (this.isGone) return undefined;
    if (this.status === "queued" || holdsPlace(this.status)) return -Infinity;
    if (this.status !== "waiting") return undefined;
    let next: number | undefined;
    for (const { kind, outcome, dueAt, eventType } of this.steps.values()) {
      if (outcome !== undefined) continue;
      if (kind === "wait" && eventType === EVENT_TYPE && this.kept.length > 0) return -Infinity;
      if (dueAt !== undefined && dueAt < (next ?? Infinity)) next = dueAt;
    }
    return next;
  }

  #fold(event: InstanceEvent, seenPayloads: Set<string>): string | undefined {
    switch (event.type) {
      case "workflow_queued":
        return this.#begin(event);
      case "workflow_waiting_for_pause":
        this.#pausingAt = this.progressAt;
        return;
      case "workflow_paused":
        this.#pausedAt = event.timestamp;
        return;
      case "workflow_resumed": {
        const byMs = event.timestamp - this.#pausedAt;
        for (const step of this.steps.values()) if (step.outcome === undefined && step.dueAt !== undefined) step.dueAt += byMs;
        return;
      }
      case "workflow_errored":
        this.endError = `${event.error.name}: ${event.error.message}`;
        return;
      case "event_received":
        if (seenPayloads.has(event.payload)) return `payload ${event.payload} a second time`;
        seenPayloads.add(event.payload);
        this.kept.push(event.payload);
        return;
      case "rollback_started":
        this.isUndoing = true;
        return;
      case "rollback_step_started": {
        const next = [...this.steps].findLast(([key, { hasUndo }]) => hasUndo && !this.undone.has(key))?.[0];
        const key = keyOf("do", event.name, event.count);
        return key === next ? undefined : `${key} is undone before ${next}`;
      }
      case "delay_skipped": {
        const step = this.steps.get(keyOf(event.kind, event.name, event.count));
        if (step?.dueAt === undefined) return "there is no delay";
        step.dueAt = event.timestamp;
        return;
      }
      case "rollback_step_completed": {
        const key = `${event.name}-${event.count}`;
        if (this.undone.has(key)) return `${key} is undone a second time`;
        this.undone.add(key);
        return;
      }
      default:
        return "name" in event ? this.#foldStep(event, seenPayloads) : undefined;
    }
  }

  /** A restart from a step keeps the steps that started before it. */
  #begin({ from, timestamp, versionId, retention = {} }: InstanceEvent & { type: "workflow_queued" }): undefined {
    const wasPaused = this.status === "paused" ? timestamp - this.#pausedAt : 0;
    this.life += 1;
    this.versionId = versionId;
    this.retention = retention;
    this.isUndoing = false;
    this.undone.clear();
    if (from === undefined) {
      this.steps = new Map();
      this.kept = [];
      return;
    }
    const kept = new Map<string, StepRecord>();
    const end = keyOf(from.kind === "waitForEvent" ? "wait" : from.kind, from.name, from.count);
    for (const [key, step] of this.steps) {
      if (key === end) break;
      kept.set(key, step);
      if (step.outcome !== undefined) continue;
      if (step.kind === "do") Object.assign(step, { attempts: 0, failures: 0, isAttempting: false, dueAt: undefined });
      else if (step.dueAt !== undefined) step.dueAt += wasPaused;
    }
    this.steps = kept;
  }

  #foldStep(
    event: InstanceEvent & { readonly name: string; readonly count: number },
    seenPayloads: Set<string>,
  ): string | undefined {
    const { name, count, timestamp } = event;
    const begin = (kind: StepRecord["kind"], over: Partial<StepRecord>): string | undefined => {
      const key = keyOf(kind, name, count);
      if (this.steps.has(key)) return `${key} starts a second time`;
      const blank = { limit: 0, hasUndo: false, attempts: 0, failures: 0, isAttempting: false, dueAt: undefined, delayedAt: 0 };
      this.steps.set(key, { kind, ...blank, eventType: undefined, outcome: undefined, ...over });
      return undefined;
    };
    switch (event.type) {
      case "step_started":
        return begin("do", { limit: event.config?.retries.limit ?? 5, hasUndo: event.rollback === true });
      case "sleep_started":
        return begin("sleep", { dueAt: event.wakeAt });
      case "wait_started":
        return begin("wait", { dueAt: timestamp + event.timeoutMs, eventType: event.eventType });
      case "attempt_started":
      case "attempt_completed":
      case "attempt_errored":
      case "step_completed":
      case "step_errored":
        return this.#foldDo(event);
      case "sleep_completed":
        return this.#end(keyOf("sleep", name, count), timestamp, undefined);
      case "wait_timed_out":
        return this.#end(keyOf("wait", name, count), timestamp, undefined, true);
      case "wait_completed": {
        const isKept = this.kept.includes(event.payload);
        if (isKept && this.kept[0] !== event.payload) return `${event.payload} overtakes ${this.kept[0]}`;
        if (!isKept && this.kept.length > 0) return `${event.payload} overtakes ${this.kept[0]}`;
        if (!isKept && seenPayloads.has(event.payload)) return `payload ${event.payload} a second time`;
        seenPayloads.add(event.payload);
        this.kept = this.kept.filter((each) => each !== event.payload);
        return this.#end(keyOf("wait", name, count), Infinity, event.payload);
      }
      default:
        return undefined;
    }
  }

  #foldDo(event: InstanceEvent & { readonly name: string; readonly count: number }): string | undefined {
    const key = keyOf("do", event.name, event.count);
    const step = this.steps.get(key);
    if (step === undefined) return `${key} has not started`;
    if (step.outcome !== undefined) return `${key} is over`;
    switch (event.type) {
      case "attempt_started":
        if (this.status === "paused") return `${key} is tried while the instance is paused`;
        if (this.status === "waitingForPause" && this.isCalm && this.progressAt > this.#pausingAt + PAUSE_MS)
          return `${key} is tried ${Math.round(this.progressAt - this.#pausingAt)} ms after the pause was asked for`;
        if (event.attempt !== step.attempts + 1) return `attempt ${event.attempt} of ${key} after ${step.attempts}`;
        // A run that was let go on may do so after the clock has been set back.
        if (step.dueAt !== undefined && Math.max(event.timestamp, this.shownSince(step.delayedAt)) < step.dueAt)
          return `${key} is tried again too early`;
        step.attempts += 1;
        step.isAttempting = true;
        step.dueAt = undefined;
        return undefined;
      case "attempt_completed":
        if (!step.isAttempting) return `${key} has no attempt`;
        return undefined;
      case "attempt_errored":
        step.isAttempting = false;
        if (event.lost === undefined) step.failures += 1;
        if (step.failures > step.limit + 1) return `${key} has failed ${step.failures} times, with ${step.limit} retries`;
        if (event.retryDelayMs !== undefined) step.dueAt = event.timestamp + event.retryDelayMs;
        step.delayedAt = this.progressAt;
        return undefined;
      case "step_completed":
        step.isAttempting = false;
        step.dueAt = undefined;
        step.outcome = { is: "ok", value: typeof event.output === "string" ? event.output : undefined };
        return undefined;
      case "step_errored":
        step.outcome = { is: "error" };
        return undefined;
      default:
        return undefined;
    }
  }

  #end(key: string, timestamp: number, value: string | undefined, isError: boolean = false): string | undefined {
    const step = this.steps.get(key);
    if (step === undefined) return `${key} has not started`;
    if (step.outcome !== undefined) return `${key} is over`;
    if (step.dueAt !== undefined && timestamp < step.dueAt) return `${key} ends ${step.dueAt - timestamp} ms too early`;
    step.outcome = isError ? { is: "error" } : { is: "ok", value };
    return undefined;
  }
}
