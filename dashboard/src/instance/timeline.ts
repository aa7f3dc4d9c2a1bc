/**
 * What is known of an instance, as a fold: begun by the server's timeline, and carried on by each event that comes after it.
 * Pure, so that a page shows the same whether it was open all the time or is opened now.
 */
import type { InstanceStatus, LiveEvent } from "../api/types.ts";

export interface ErrorInfo {
  readonly name: string;
  readonly message: string;
}

/** Epoch milliseconds. */
export interface Attempt {
  readonly start: number;
  /** Null while it goes on. */
  readonly end: number | null;
  readonly error?: ErrorInfo;
}

export interface StepConfig {
  readonly retries?: { readonly limit: number; readonly delay: number | string; readonly backoff?: string };
  readonly timeout?: number | string;
  readonly sensitive?: string;
}

/** A row. Epoch milliseconds. */
export interface Entry {
  readonly type: "step" | "rollback" | "sleep" | "waitForEvent";
  readonly name: string;
  readonly start: number;
  readonly end: number | null;
  readonly state: "running" | "complete" | "errored";
  readonly attempts?: readonly Attempt[];
  readonly config?: StepConfig;
  readonly event_type?: string;
  readonly error?: ErrorInfo;
}

export interface Timeline {
  readonly id: string;
  readonly workflow: string;
  readonly version_id: string;
  readonly status: InstanceStatus;
  readonly trigger: { readonly source: string };
  readonly schedule?: { readonly cron: string; readonly scheduledTime: number };
  /** ISO 8601. */
  readonly queued: string;
  readonly start: string | null;
  readonly end: string | null;
  readonly error: ErrorInfo | null;
  readonly rollback: { readonly outcome: "complete" | "failed"; readonly error: ErrorInfo | null } | null;
  readonly expires: string | null;
  readonly cursor: number;
  readonly steps: readonly Entry[];
}

const STATUS_AFTER: Readonly<Partial<Record<string, InstanceStatus>>> = {
  workflow_queued: "queued",
  workflow_running: "running",
  workflow_waiting: "waiting",
  workflow_waiting_for_pause: "waitingForPause",
  workflow_paused: "paused",
  rollback_started: "rollingBack",
  workflow_completed: "complete",
  workflow_errored: "errored",
  workflow_terminated: "terminated",
};

const ENDS = new Set(["workflow_completed", "workflow_errored", "workflow_terminated"]);

/** True when events cannot be folded onto what there is: the instance has begun anew, and has to be read again. */
export function beginsAnew({ cursor }: Timeline, events: readonly LiveEvent[]): boolean {
  return events.some(({ type, eventId = 0 }) => type === "workflow_queued" && eventId > cursor && cursor > 0);
}

/** The timeline after some more events. What has been taken in before is passed over. */
export function advance(timeline: Timeline, events: readonly LiveEvent[]): Timeline {
  const news = events.filter(({ eventId = 0 }) => eventId > timeline.cursor);
  if (news.length === 0) return timeline;
  const steps = [...timeline.steps];
  const changed: { -readonly [K in keyof Timeline]?: Timeline[K] } = {};
  for (const event of news) {
    const { eventId = 0, type, timestamp = 0 } = event;
    const at = new Date(timestamp).toISOString();
    const status = STATUS_AFTER[type];
    changed.cursor = eventId;
    if (status !== undefined) changed.status = status;
    if (type === "workflow_started") changed.start = at;
    if (ENDS.has(type)) changed.end = at;
    if (type === "workflow_errored") changed.error = event["error"] as ErrorInfo;
    if (typeof event["stepName"] === "string") place(steps, event["stepName"], event, timestamp);
  }
  return { ...timeline, ...changed, steps };
}

const KINDS: readonly (readonly [prefix: string, type: Entry["type"]])[] = [
  ["rollback_", "rollback"],
  ["sleep_", "sleep"],
  ["wait_", "waitForEvent"],
  ["step_", "step"],
  ["attempt_", "step"],
];

function place(steps: Entry[], name: string, event: LiveEvent, at: number): void {
  const type = KINDS.find(([prefix]) => event.type.startsWith(prefix))?.[1];
  if (type === undefined) return;
  const begun = begin(type, name, event, at);
  if (begun !== undefined) {
    steps.push(begun);
    return;
  }
  // What still goes on is near the end.
  for (let i = steps.length - 1; i >= 0; i -= 1) {
    const entry = steps[i];
    if (entry === undefined || entry.type !== type || entry.name !== name) continue;
    steps[i] = change(entry, event, at);
    return;
  }
}

function begin(type: Entry["type"], name: string, event: LiveEvent, start: number): Entry | undefined {
  switch (event.type) {
    case "step_started":
    case "rollback_step_started":
      return { type, name, start, end: null, state: "running", attempts: [], config: event["config"] as StepConfig };
    case "sleep_started":
      return { type, name, start, end: start + (event["durationMs"] as number), state: "running" };
    case "wait_started":
      return { type, name, start, end: null, state: "running", event_type: event["eventType"] as string };
    default:
      return undefined;
  }
}

function change(entry: Entry, event: LiveEvent, at: number): Entry {
  const { attempts = [] } = entry;
  switch (event.type.replace("rollback_", "")) {
    case "attempt_started":
      return { ...entry, attempts: [...attempts, { start: at, end: null }] };
    case "attempt_completed":
      return { ...entry, attempts: closed(attempts, { end: at }) };
    case "attempt_errored":
      return { ...entry, attempts: closed(attempts, { end: at, error: event["error"] as ErrorInfo }) };
    case "step_completed":
    case "sleep_completed":
    case "wait_completed":
      return { ...entry, end: at, state: "complete" };
    case "step_errored":
      return { ...entry, end: at, state: "errored" };
    case "wait_timed_out":
      return { ...entry, end: at, state: "errored", error: { name: "WorkflowTimeoutError", message: "No event came in time" } };
    default:
      return entry;
  }
}

function closed(attempts: readonly Attempt[], end: Partial<Attempt>): readonly Attempt[] {
  const last = attempts.at(-1);
  return last === undefined ? attempts : [...attempts.slice(0, -1), { ...last, ...end }];
}

/** The name as user code gave it, and its counter. */
export function splitName(name: string): { readonly name: string; readonly count: number } {
  const [, base = name, count = "1"] = /^(.*)-(\d+)$/s.exec(name) ?? [];
  return { name: base, count: Number(count) };
}
