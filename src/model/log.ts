/**
 * The instance log of the REST API (`GET …/instances/{id}`), folded from events one at a time. Outputs are cut while they
 * pass, so that a log of any length costs what it shows. Whoever needs moments as numbers says so: to write a hundred thousand of
 * them as text takes longer than all the rest.
 */
import type { InstanceEvent } from "./events.ts";
import { LIMITS } from "./limits.ts";
import type { StepEntry, SleepEntry, WaitEntry, LogEntry, InstanceLog } from "./log-entries.ts";
import type { InstanceStatus } from "./status.ts";
import { displayName, stepId, type StepKey } from "./step.ts";
import { DEFAULT_STEP_CONFIG } from "./step-config.ts";
import { TRUNCATED, type Output } from "./stream.ts";
import { iso } from "./time.ts";
import { REDACTED, toJson, toLogText, type Encoded } from "./value.ts";

const STATUS_AFTER: Readonly<Partial<Record<InstanceEvent["type"], InstanceStatus>>> = {
  workflow_running: "running",
  workflow_waiting: "waiting",
  workflow_waiting_for_pause: "waitingForPause",
  workflow_paused: "paused",
  workflow_resumed: "queued",
  rollback_started: "rollingBack",
  workflow_completed: "complete",
  workflow_errored: "errored",
  workflow_terminated: "terminated",
};

/** How outputs are shown; null where none are to be. */
type ShowOutput = ((output: Output) => string) | null;

class Fold<Time> {
  #log: InstanceLog<Time> | undefined;
  readonly #open: Map<string, OpenEntry<Time>> = new Map();
  readonly #time: (ms: number) => Time;
  readonly #show: ShowOutput;
  #pausedAt = 0;

  constructor(time: (ms: number) => Time, show: ShowOutput) {
    this.#time = time;
    this.#show = show;
  }

  /** The log so far; undefined before the first event. */
  get log(): InstanceLog<Time> | undefined {
    return this.#log;
  }

  /** Takes in the next event. */
  add(event: InstanceEvent): void {
    if (event.type === "workflow_queued") {
      this.#log = begin(event, this.#kept(event.from, event.timestamp), this.#time);
      return;
    }
    const log = this.#log;
    if (log === undefined) return;
    if ("name" in event) this.#addStep(log, event);
    else this.#addLifecycle(log, event);
  }

  #addLifecycle(log: InstanceLog<Time>, event: InstanceEvent): void {
    const at = this.#time(event.timestamp);
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
      case "rollback_completed":
        log.rollback = { outcome: "complete", error: null };
        return;
      case "rollback_errored":
        log.rollback = { outcome: "failed", error: event.error };
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

  #addStep(log: InstanceLog<Time>, event: Extract<InstanceEvent, { name: string }>): void {
    const id = entryId(event);
    const started = begun(event, this.#time);
    if (started !== undefined) {
      log.steps.push(started.entry);
      this.#open.set(id, started);
      return;
    }
    const open = this.#open.get(id);
    if (open === undefined) return;
    if (event.type === "delay_skipped") return endDelay(open, event.timestamp, this.#time);
    if (isStep(open.entry)) advanceStep(open.entry, event, this.#time(event.timestamp), this.#show);
    else settle(open.entry, event, this.#time(event.timestamp), open.dueAt - open.startedAt, this.#show);
    if (!isStep(open.entry) || open.entry.end !== null) this.#open.delete(id);
  }

  /** What a new life keeps of the one before: all that had started before a step, and unfinished steps as if just begun. */
  #kept(from: StepKey | undefined, now: number): LogEntry<Time>[] {
    const steps = this.#log?.steps ?? [];
    const end = from === undefined ? 0 : steps.findIndex((entry) => isEntryOf(entry, from));
    const kept = new Set<LogEntry<Time>>(steps.slice(0, Math.max(0, end)));
    for (const [id, { entry }] of this.#open) {
      if (!kept.has(entry)) this.#open.delete(id);
      else if (isStep(entry)) entry.attempts.length = 0;
    }
    if (this.#log?.status === "paused") this.#postpone(now - this.#pausedAt);
    return [...kept];
  }

  #postpone(byMs: number): void {
    for (const open of this.#open.values()) {
      if (isStep(open.entry)) continue;
      open.startedAt += byMs;
      open.dueAt += byMs;
      open.entry.end = this.#time(open.dueAt);
    }
  }
}

/** A log under construction. Its steps are without outputs unless it is said that they are wanted: those take the most time. */
export class LogFold extends Fold<string> {
  constructor({ outputs }: { readonly outputs: boolean }) {
    super(iso, outputs ? shownStepOutput : null);
  }
}

/** The same with moments in epoch milliseconds and without outputs, for pictures. */
export class TimelineFold extends Fold<number> {
  constructor() {
    super((ms) => ms, null);
  }
}

function begin<Time>(
  event: Extract<InstanceEvent, { type: "workflow_queued" }>,
  steps: LogEntry<Time>[],
  time: (ms: number) => Time,
): InstanceLog<Time> {
  return {
    status: "queued",
    params: toJson(event.params),
    trigger: { source: event.trigger },
    ...(event.schedule && { schedule: event.schedule }),
    versionId: event.versionId,
    queued: time(event.timestamp),
    start: null,
    end: null,
    success: null,
    error: null,
    output: null,
    rollback: null,
    steps,
  };
}

function isStep<Time>(entry: LogEntry<Time>): entry is StepEntry<Time> {
  return entry.type === "step" || entry.type === "rollback";
}

function isEntryOf<Time>(entry: LogEntry<Time>, { kind, name, count }: StepKey): boolean {
  return entry.type === (kind === "do" ? "step" : kind) && entry.name === displayName(name, count);
}

type StepEvent = Extract<InstanceEvent, { name: string }>;

function entryId(event: StepEvent): string {
  const { type, name, count } = event;
  if (type === "delay_skipped") return stepId(event.kind, name, count);
  if (type.startsWith("rollback")) return `rollback ${stepId("do", name, count)}`;
  if (type.startsWith("sleep")) return stepId("sleep", name, count);
  return stepId(type.startsWith("wait") ? "waitForEvent" : "do", name, count);
}

/** An entry that is not over. Both times move when the instance is paused, so that their difference is the time-out. */
interface OpenEntry<Time> {
  readonly entry: StepEntry<Time> | SleepEntry<Time> | WaitEntry<Time>;
  startedAt: number;
  dueAt: number;
}

function begun<Time>(event: StepEvent, time: (ms: number) => Time): OpenEntry<Time> | undefined {
  const name = displayName(event.name, event.count);
  const startedAt = event.timestamp;
  const start = time(startedAt);
  switch (event.type) {
    case "step_started":
    case "rollback_step_started": {
      const config = event.config ?? DEFAULT_STEP_CONFIG;
      const type = event.type === "step_started" ? "step" : "rollback";
      return {
        entry: { name, type, start, end: null, success: null, output: null, config, attempts: [] },
        startedAt,
        dueAt: startedAt,
      };
    }
    case "sleep_started":
      return {
        entry: { name, type: "sleep", start, end: time(event.wakeAt), finished: false, error: null },
        startedAt,
        dueAt: event.wakeAt,
      };
    case "wait_started": {
      const dueAt = startedAt + event.timeoutMs;
      const entry: WaitEntry<Time> = {
        name,
        type: "waitForEvent",
        event_type: event.eventType,
        start,
        end: time(dueAt),
        finished: false,
        error: null,
      };
      return { entry, startedAt, dueAt };
    }
    default:
      return undefined;
  }
}

/** A sleep that is cut short ends then, as far as anybody knows. */
function endDelay<Time>(open: OpenEntry<Time>, at: number, time: (ms: number) => Time): void {
  open.dueAt = at;
  if (!isStep(open.entry)) open.entry.end = time(at);
}

function advanceStep<Time>(entry: StepEntry<Time>, event: StepEvent, at: Time, show: ShowOutput): void {
  const attempt = entry.attempts.at(-1);
  switch (event.type) {
    case "attempt_started":
    case "rollback_attempt_started":
      entry.attempts.push({ start: at, end: null, success: null, error: null });
      return;
    case "attempt_completed":
    case "rollback_attempt_completed":
      if (attempt !== undefined) Object.assign(attempt, { end: at, success: true });
      return;
    case "attempt_errored":
    case "rollback_attempt_errored":
      if (attempt !== undefined) Object.assign(attempt, { end: at, success: false, error: event.error });
      return;
    case "rollback_step_completed":
      entry.end = at;
      entry.success = true;
      return;
    case "step_completed":
      entry.end = at;
      entry.success = true;
      if (event.output !== undefined && show !== null)
        entry.output = entry.config.sensitive === undefined ? show(event.output) : REDACTED;
      return;
    case "step_errored":
    case "rollback_step_errored":
      entry.end = at;
      entry.success = false;
      return;
    default:
  }
}

function settle<Time>(
  entry: SleepEntry<Time> | WaitEntry<Time>,
  event: StepEvent,
  at: Time,
  timeoutMs: number,
  show: ShowOutput,
): void {
  entry.end = at;
  entry.finished = true;
  if (entry.type !== "waitForEvent") return;
  if (event.type === "wait_completed" && show !== null) entry.output = show(event.payload);
  if (event.type === "wait_timed_out") {
    entry.error = { name: "WorkflowTimeoutError", message: `Execution timed out after ${timeoutMs}ms` };
  }
}

/** Numbers are shown as numbers, everything else as JSON text. */
function shownOutput(output: Encoded): string | number {
  const text = toLogText(output, LIMITS.logOutput);
  const number = Number(text);
  return text !== "" && String(number) === text ? number : cut(text);
}

/** Of a stream, the preview that was made when it was stored. */
function shownStepOutput(output: Output): string {
  return typeof output === "object" ? output.preview : cut(toLogText(output, LIMITS.logOutput));
}

/** The first 1,024 characters of a text. */
function cut(text: string): string {
  return text.length <= LIMITS.logOutput ? text : detached(text.slice(0, LIMITS.logOutput)) + TRUNCATED;
}

/** The same text on its own: a slice keeps all of what it is a slice of. */
function detached(slice: string): string {
  return JSON.parse(JSON.stringify(slice)) as string;
}
