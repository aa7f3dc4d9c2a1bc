/**
 * The instance log of the REST API (`GET …/instances/{id}`), made of the fold of its events. Outputs are cut while they pass, so
 * that a log of any length costs what it shows.
 */
import type { StepConfig } from "../instance/events.ts";
import type { ErrorInfo } from "../values/error-info.ts";
import type { ScheduleInfo } from "../time/schedule-info.ts";
import { LIMITS } from "../limits.ts";
import type { InstanceStatus, TriggerSource } from "../instance/status.ts";
import { TRUNCATED, type Output } from "../step/stream.ts";
import { iso, isoOrNull } from "../time/calendar.ts";
import { REDACTED, toJson, toLogText, type Encoded } from "../values/value.ts";
import { InstanceView, isStep, timedOut, type RollbackOutcome, type StepLike, type TerminationView } from "./fold.ts";

/** One call of a step's callback. Moments are ISO 8601, here and below. */
export interface AttemptEntry {
  readonly start: string;
  readonly end: string | null;
  readonly success: boolean | null;
  readonly error: ErrorInfo | null;
}

/** A `step.do`, or the handler that undoes one. */
export interface StepEntry {
  readonly name: string;
  readonly type: "step" | "rollback";
  readonly start: string;
  readonly end: string | null;
  readonly success: boolean | null;
  readonly output: string | null;
  readonly config: StepConfig;
  readonly attempts: readonly AttemptEntry[];
}

interface DelayEntry {
  readonly name: string;
  readonly start: string;
  readonly end: string;
  readonly finished: boolean;
  readonly error: ErrorInfo | null;
}

/** A sleep. `end` is the planned end while it lasts. */
export interface SleepEntry extends DelayEntry {
  readonly type: "sleep";
}

/** A wait for an event. `end` is the deadline while it lasts. */
export interface WaitEntry extends DelayEntry {
  readonly type: "waitForEvent";
  readonly event_type: string;
  readonly output?: string;
}

/** The instance was terminated by a request. */
export interface TerminationEntry {
  readonly type: "termination";
  readonly trigger: { readonly source: TriggerSource };
}

export type LogEntry = StepEntry | SleepEntry | WaitEntry | TerminationEntry;

/** An instance's log. */
export interface InstanceLog {
  readonly status: InstanceStatus;
  readonly params: unknown;
  readonly trigger: { readonly source: TriggerSource };
  readonly schedule?: ScheduleInfo;
  readonly versionId: string;
  readonly queued: string;
  readonly start: string | null;
  readonly end: string | null;
  readonly success: boolean | null;
  readonly error: ErrorInfo | null;
  readonly output: string | number | null;
  /** Null unless a rollback has ended. */
  readonly rollback: RollbackOutcome | null;
  /** In the order in which they started. */
  readonly steps: readonly LogEntry[];
}

/** The fold of a log: with the outputs of steps, or without, which takes a fraction of the time. */
export function logView(outputs: boolean): InstanceView<string> {
  return new InstanceView(outputs ? shownOutput : undefined);
}

/** Undefined before the first event. */
export function logOf({ life, entries }: InstanceView<string>): InstanceLog | undefined {
  if (life === undefined) return undefined;
  const { status, params, trigger, schedule, versionId, queued, start, end, error, output, rollback } = life;
  return {
    status,
    params: toJson(params),
    trigger: { source: trigger },
    ...(schedule && { schedule }),
    versionId,
    queued: iso(queued),
    start: isoOrNull(start),
    end: isoOrNull(end),
    success: end === null ? null : status === "complete",
    error,
    output: output === undefined ? null : shownResult(output),
    rollback,
    steps: entries.map(toEntry),
  };
}

function toEntry(entry: StepLike<string> | TerminationView): LogEntry {
  if (entry.type === "termination") return { type: "termination", trigger: { source: "api" } };
  const { name, state, shown } = entry;
  const start = iso(entry.start);
  if (isStep(entry)) {
    const { type, config } = entry;
    const attempts = entry.attempts.map((attempt) => ({
      start: iso(attempt.start),
      end: isoOrNull(attempt.end),
      success: attempt.end === null ? null : attempt.error === null,
      error: attempt.error,
    }));
    const success = state === "running" ? null : state === "complete";
    return { name, type, start, end: isoOrNull(entry.end), success, output: shown ?? null, config, attempts };
  }
  const ends = { start, end: iso(entry.end), finished: state !== "running", error: null };
  if (entry.type === "sleep") return { name, type: "sleep", ...ends };
  return {
    name,
    type: "waitForEvent",
    event_type: entry.eventType,
    ...ends,
    error: state === "errored" ? timedOut(entry) : null,
    ...(shown !== undefined && { output: shown }),
  };
}

/** Numbers are shown as numbers, everything else as JSON text. */
function shownResult(output: Encoded): string | number {
  const text = toLogText(output, LIMITS.logOutput);
  const number = Number(text);
  return text !== "" && String(number) === text ? number : cut(text);
}

/** Of a stream, the preview that was made when it was stored. */
function shownOutput(of: StepLike<string>, output: Output): string {
  if (isStep(of) && of.config.sensitive !== undefined) return REDACTED;
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
