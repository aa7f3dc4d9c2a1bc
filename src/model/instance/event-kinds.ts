/** The kinds of events, once each: the status that follows, and what subscribers see. */
import type { EventBody } from "./events.ts";
import type { InstanceStatus } from "./status.ts";

interface EventKind<E> {
  /** The status of the instance after such an event; absent where it stays as it is. */
  readonly status?: InstanceStatus;
  /** The fields that subscribers see besides the name of the step; absent for kinds that are internal. */
  readonly shows?: readonly Exclude<keyof E, "type" | "name" | "count">[];
}

type EventType = EventBody["type"];

/** In the order in which the API's description lists them. */
const EVENT_KINDS = {
  workflow_queued: { status: "queued", shows: [] },
  workflow_started: { shows: [] },
  workflow_running: { status: "running", shows: [] },
  workflow_waiting: { status: "waiting", shows: [] },
  workflow_waiting_for_pause: { status: "waitingForPause", shows: [] },
  workflow_paused: { status: "paused", shows: [] },
  workflow_resumed: { status: "queued" },
  workflow_recovered: {},
  workflow_completed: { status: "complete", shows: ["output"] },
  workflow_errored: { status: "errored", shows: ["error"] },
  workflow_terminated: { status: "terminated", shows: [] },
  step_started: { shows: ["config"] },
  step_completed: { shows: ["output"] },
  step_errored: { shows: [] },
  attempt_started: { shows: ["attempt"] },
  attempt_completed: { shows: ["attempt"] },
  attempt_errored: { shows: ["attempt", "error", "retryDelayMs"] },
  sleep_started: { shows: ["durationMs"] },
  sleep_completed: { shows: [] },
  wait_started: { shows: ["eventType"] },
  wait_completed: { shows: [] },
  wait_timed_out: { shows: [] },
  event_received: {},
  delay_skipped: {},
  rollback_started: { status: "rollingBack", shows: [] },
  rollback_completed: { shows: [] },
  rollback_errored: { shows: [] },
  rollback_step_started: { shows: ["config"] },
  rollback_step_completed: { shows: [] },
  rollback_step_errored: { shows: ["error"] },
  rollback_attempt_started: { shows: ["attempt"] },
  rollback_attempt_completed: { shows: ["attempt"] },
  rollback_attempt_errored: { shows: ["attempt", "error", "retryDelayMs"] },
} as const satisfies { readonly [T in EventType]: EventKind<Extract<EventBody, { type: T }>> };

/** True for the kinds above. A journal that was written by a newer version may have others. */
export function isEventType(type: string): type is EventType {
  return Object.hasOwn(EVENT_KINDS, type);
}

/** What is known of a kind, in a form that is the same for all. */
function kindOf(type: string): EventKind<Record<string, unknown>> | undefined {
  return isEventType(type) ? EVENT_KINDS[type] : undefined;
}

/** The status after an event; undefined when the event does not change it. */
export function statusAfter(type: string): InstanceStatus | undefined {
  return kindOf(type)?.status;
}

/** The fields of an event that subscribers see; undefined when they see nothing of it. */
export function shownFields(type: string): readonly string[] | undefined {
  return kindOf(type)?.shows;
}

/** The kinds that subscribers see, and may filter by. */
export const PUBLIC_EVENT_TYPES: ReadonlySet<string> = new Set(
  Object.keys(EVENT_KINDS).filter((type) => shownFields(type) !== undefined),
);
