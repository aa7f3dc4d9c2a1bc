/**
 * The instance log of the REST API (`GET …/instances/{id}`), folded from events one at a time. Outputs are cut while they
 * pass, so that a log of any length costs what it shows.
 */
import type { ErrorInfo, InstanceEvent, ScheduleInfo, StepConfig } from "./events.ts";
import { LIMITS } from "./limits.ts";
import type { InstanceStatus, TriggerSource } from "./status.ts";
import { displayName, stepId } from "./step.ts";
import { DEFAULT_STEP_CONFIG } from "./step-config.ts";
import { toJson, toLogText, type Encoded } from "./value.ts";

/** What stands where more was. */
export const TRUNCATED = "[truncated output]";

/** What stands where something secret is. */
export const REDACTED = "[REDACTED]";

/** One call of a step's callback. Times are ISO 8601. */
export interface AttemptEntry {
  readonly start: string;
  end: string | null;
  success: boolean | null;
  error: ErrorInfo | null;
}

/** A `step.do`. */
export interface StepEntry {
  readonly name: string;
  readonly type: "step";
  readonly start: string;
  end: string | null;
  success: boolean | null;
  output: string | null;
  readonly config: StepConfig;
  readonly attempts: AttemptEntry[];
}

/** A sleep. `end` is the planned end while it lasts. */
export interface SleepEntry {
  readonly name: string;
  readonly type: "sleep";
  readonly start: string;
  end: string;
  finished: boolean;
  error: ErrorInfo | null;
}

/** A wait for an event. `end` is the deadline while it lasts. */
export interface WaitEntry {
  readonly name: string;
  readonly type: "waitForEvent";
  readonly event_type: string;
  readonly start: string;
  end: string;
  finished: boolean;
  error: ErrorInfo | null;
  output?: string;
}

/** Somebody terminated the instance. */
export interface TerminationEntry {
  readonly type: "termination";
  readonly trigger: { readonly source: TriggerSource };
}

export type LogEntry = StepEntry | SleepEntry | WaitEntry | TerminationEntry;

/** An instance's log. */
export interface InstanceLog {
  status: InstanceStatus;
  readonly params: unknown;
  readonly trigger: { readonly source: TriggerSource };
  readonly schedule?: ScheduleInfo;
  readonly versionId: string;
  readonly queued: string;
  start: string | null;
  end: string | null;
  success: boolean | null;
  error: ErrorInfo | null;
  output: string | number | null;
  /** In the order in which they started. */
  readonly steps: LogEntry[];
}

const STATUS_AFTER: Readonly<Partial<Record<InstanceEvent["type"], InstanceStatus>>> = {
  workflow_running: "running",
  workflow_waiting: "waiting",
  workflow_waiting_for_pause: "waitingForPause",
  workflow_paused: "paused",
  workflow_resumed: "queued",
  workflow_completed: "complete",
  workflow_errored: "errored",
  workflow_terminated: "terminated",
};

/** A log under construction. */
export class LogFold {
  #log: InstanceLog | undefined;
  readonly #open: Map<string, LogEntry> = new Map();
  #pausedAt = 0;

  /** The log so far; undefined before the first event. */
  get log(): InstanceLog | undefined {
    return this.#log;
  }

  /** Takes in the next event. */
  add(event: InstanceEvent): void {
    if (event.type === "workflow_queued") {
      this.#open.clear();
      this.#log = begin(event);
      return;
    }
    const log = this.#log;
    if (log === undefined) return;
    if ("name" in event) this.#addStep(log, event);
    else this.#addLifecycle(log, event);
  }

  #addLifecycle(log: InstanceLog, event: InstanceEvent): void {
    const at = iso(event.timestamp);
    log.status = STATUS_AFTER[event.type] ?? log.status;
    switch (event.type) {
      case "workflow_started":
        log.start = at;
        return;
      case "workflow_paused":
        this.#pausedAt = event.timestamp;
        return;
      case "workflow_resumed":
        this.#postpone(event.timestamp - this.#pausedAt);
        return;
      case "workflow_completed":
        Object.assign(log, { end: at, success: true, output: event.output === undefined ? null : shownOutput(event.output) });
        return;
      case "workflow_errored":
        Object.assign(log, { end: at, success: false, error: event.error });
        return;
      case "workflow_terminated":
        Object.assign(log, { end: at, success: false });
        log.steps.push({ type: "termination", trigger: { source: "api" } });
        return;
      default:
    }
  }

  #addStep(log: InstanceLog, event: Extract<InstanceEvent, { name: string }>): void {
    const id = stepId(kindOf(event.type), event.name, event.count);
    const started = startedEntry(event);
    if (started !== undefined) {
      log.steps.push(started);
      this.#open.set(id, started);
      return;
    }
    const entry = this.#open.get(id);
    if (entry?.type === "step") advanceStep(entry, event);
    else if (entry?.type === "sleep" || entry?.type === "waitForEvent") settle(entry, event);
    if (event.type === "step_completed" || event.type === "step_errored" || isSettled(entry)) this.#open.delete(id);
  }

  #postpone(byMs: number): void {
    for (const entry of this.#open.values()) {
      if (entry.type === "sleep" || entry.type === "waitForEvent") entry.end = iso(Date.parse(entry.end) + byMs);
    }
  }
}

function begin(event: Extract<InstanceEvent, { type: "workflow_queued" }>): InstanceLog {
  return {
    status: "queued",
    params: toJson(event.params),
    trigger: { source: event.trigger },
    ...(event.schedule && { schedule: event.schedule }),
    versionId: event.versionId,
    queued: iso(event.timestamp),
    start: null,
    end: null,
    success: null,
    error: null,
    output: null,
    steps: [],
  };
}

type StepEvent = Extract<InstanceEvent, { name: string }>;

function kindOf(type: StepEvent["type"]): "do" | "sleep" | "waitForEvent" {
  if (type.startsWith("sleep")) return "sleep";
  return type.startsWith("wait") ? "waitForEvent" : "do";
}

function startedEntry(event: StepEvent): LogEntry | undefined {
  const name = displayName(event.name, event.count);
  const start = iso(event.timestamp);
  switch (event.type) {
    case "step_started":
      return { name, type: "step", start, end: null, success: null, output: null, config: event.config ?? DEFAULT_STEP_CONFIG, attempts: [] };
    case "sleep_started":
      return { name, type: "sleep", start, end: iso(event.wakeAt), finished: false, error: null };
    case "wait_started": {
      const end = iso(event.timestamp + event.timeoutMs);
      return { name, type: "waitForEvent", event_type: event.eventType, start, end, finished: false, error: null };
    }
    default:
      return undefined;
  }
}

function advanceStep(entry: StepEntry, event: StepEvent): void {
  const at = iso(event.timestamp);
  const attempt = entry.attempts.at(-1);
  switch (event.type) {
    case "attempt_started":
      entry.attempts.push({ start: at, end: null, success: null, error: null });
      return;
    case "attempt_completed":
      if (attempt !== undefined) Object.assign(attempt, { end: at, success: true });
      return;
    case "attempt_errored":
      if (attempt !== undefined) Object.assign(attempt, { end: at, success: false, error: event.error });
      return;
    case "step_completed":
      entry.end = at;
      entry.success = true;
      if (event.output !== undefined) entry.output = entry.config.sensitive === undefined ? cut(toLogText(event.output)) : REDACTED;
      return;
    case "step_errored":
      entry.end = at;
      entry.success = false;
      return;
    default:
  }
}

function settle(entry: SleepEntry | WaitEntry, event: StepEvent): void {
  entry.end = iso(event.timestamp);
  entry.finished = true;
  if (entry.type !== "waitForEvent") return;
  if (event.type === "wait_completed") entry.output = cut(toLogText(event.payload));
  if (event.type === "wait_timed_out") {
    const timeoutMs = Date.parse(entry.end) - Date.parse(entry.start);
    entry.error = { name: "WorkflowTimeoutError", message: `Execution timed out after ${timeoutMs}ms` };
  }
}

function isSettled(entry: LogEntry | undefined): boolean {
  return (entry?.type === "sleep" || entry?.type === "waitForEvent") && entry.finished;
}

/** Numbers are shown as numbers, everything else as JSON text. */
function shownOutput(output: Encoded): string | number {
  const text = toLogText(output);
  const number = Number(text);
  return text !== "" && String(number) === text ? number : cut(text);
}

/** The first 1,024 characters of a text. */
export function cut(text: string): string {
  return text.length <= LIMITS.logOutput ? text : text.slice(0, LIMITS.logOutput) + TRUNCATED;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
