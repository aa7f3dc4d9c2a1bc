/**
 * The state of the instance page as a fold: it starts with the server's timeline and applies each later event.
 * Pure, so that a page shows the same whether it was open all the time or is opened now.
 */
import { isFinal } from "../../../src/model/instance/status.ts";
import { statusAfter } from "../../../src/model/instance/event-kinds.ts";
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

export type EntryType = "step" | "rollback" | "sleep" | "waitForEvent";

/** A row. Epoch milliseconds. */
export interface Entry {
  readonly type: EntryType;
  /** With its counter. */
  readonly name: string;
  readonly start: number;
  /** Null while a step goes on; of a sleep or a wait that goes on, when it will end at the latest, if that is known. */
  readonly end: number | null;
  readonly state: "running" | "complete" | "errored";
  /** Of steps and rollbacks. */
  readonly attempts: readonly Attempt[];
  /** Absent for the usual one. */
  readonly config?: StepConfig;
  readonly event_type?: string;
  readonly error?: ErrorInfo;
}

/** A row as the server tells it: what is as usual is left out. */
export interface WireEntry extends Omit<Entry, "attempts" | "config"> {
  /** Absent when there was one that lasted as long as the step, and succeeded. */
  readonly attempts?: readonly Attempt[];
  /** Which of the timeline's configurations. */
  readonly config?: number;
}

/** A timeline as the server tells it. */
export interface WireTimeline extends Omit<Timeline, "steps"> {
  readonly steps: readonly WireEntry[];
  readonly configs: readonly StepConfig[];
}

const NONE: readonly Attempt[] = [];

/** A timeline in full. */
export function fromWire({ configs, steps, ...rest }: WireTimeline): Timeline {
  return {
    ...rest,
    steps: steps.map(({ config, attempts, ...entry }): Entry => {
      const isStep = entry.type === "step" || entry.type === "rollback";
      const tries = attempts ?? (isStep ? [{ start: entry.start, end: entry.end }] : NONE);
      const known = config === undefined ? undefined : configs[config];
      return known === undefined ? { ...entry, attempts: tries } : { ...entry, attempts: tries, config: known };
    }),
  };
}

/** What an entry is called in addresses: a step by its name, the others by their type as well. */
export function keyOf({ type, name }: Pick<Entry, "type" | "name">): string {
  return type === "step" ? name : `${type}:${name}`;
}

/** True for what people look for: a step that failed, or one that did at first. */
export function hasFailed({ state, attempts }: Entry): boolean {
  return state === "errored" || attempts.some(({ error }) => error !== undefined);
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
    const status = statusAfter(type);
    changed.cursor = eventId;
    if (status !== undefined) changed.status = status;
    if (type === "workflow_started") changed.start = at;
    if (status !== undefined && isFinal(status)) changed.end = at;
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
      return { type, name, start, end: null, state: "running", attempts: NONE, ...configOf(event) };
    case "sleep_started":
      return { type, name, start, end: start + (event["durationMs"] as number), state: "running", attempts: NONE };
    case "wait_started":
      return { type, name, start, end: null, state: "running", attempts: NONE, event_type: event["eventType"] as string };
    default:
      return undefined;
  }
}

function change(entry: Entry, event: LiveEvent, at: number): Entry {
  const { attempts } = entry;
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
      return {
        ...entry,
        end: at,
        state: "errored",
        error: { name: "WorkflowTimeoutError", message: "No event arrived in time" },
      };
    default:
      return entry;
  }
}

function closed(attempts: readonly Attempt[], end: Partial<Attempt>): readonly Attempt[] {
  const last = attempts.at(-1);
  return last === undefined ? attempts : [...attempts.slice(0, -1), { ...last, ...end }];
}

/** Events have all of a configuration, the usual one too. */
function configOf(event: LiveEvent): { readonly config?: StepConfig } {
  const config = event["config"] as StepConfig | undefined;
  return config === undefined ? {} : { config };
}

/** The name as user code gave it, and its counter. */
export function splitName(name: string): { readonly name: string; readonly count: number } {
  const at = name.lastIndexOf("-");
  return at < 0 ? { name, count: 1 } : { name: name.slice(0, at), count: Number(name.slice(at + 1)) };
}
