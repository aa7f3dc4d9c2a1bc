/**
 * The statuses of an instance, spelled as Cloudflare's REST API spells them and stored as such.
 * Which status may follow which is decided in `decide.ts`; here is only what each of them means.
 */

/** Every status that the REST API knows, in the order in which its documentation lists them. */
export const INSTANCE_STATUSES = [
  "queued",
  "running",
  "paused",
  "errored",
  "terminated",
  "complete",
  "waitingForPause",
  "waiting",
  "rollingBack",
] as const;

/** Where an instance stands in its life. */
export type InstanceStatus = (typeof INSTANCE_STATUSES)[number];

/** The status that an instance has after an event of a type. Other types leave it as it is. */
const AFTER = {
  workflow_queued: "queued",
  workflow_running: "running",
  workflow_waiting: "waiting",
  workflow_waiting_for_pause: "waitingForPause",
  workflow_paused: "paused",
  workflow_resumed: "queued",
  rollback_started: "rollingBack",
  workflow_completed: "complete",
  workflow_errored: "errored",
  workflow_terminated: "terminated",
} as const satisfies Readonly<Record<string, InstanceStatus>>;

/** The status after an event; undefined when the event does not change it. */
export function statusAfter(type: string): InstanceStatus | undefined {
  return Object.hasOwn(AFTER, type) ? AFTER[type as keyof typeof AFTER] : undefined;
}

/** How long an instance has been paused, in milliseconds. Time spent paused does not count: what was due then is due that much later. */
export function pausedMs(pausedAt: number | null | undefined, now: number): number {
  return pausedAt === null || pausedAt === undefined ? 0 : now - pausedAt;
}

/** The statuses that only `restart` and `delete` lead out of. */
export type FinalStatus = "complete" | "errored" | "terminated";

/** True when no further work will be done for an instance unless somebody restarts it. */
export function isFinal(status: InstanceStatus): status is FinalStatus {
  return status === "complete" || status === "errored" || status === "terminated";
}

/** What created an instance. Cloudflare's five values. */
export const TRIGGER_SOURCES = ["unknown", "api", "binding", "event", "cron"] as const;

/** What created an instance. */
export type TriggerSource = (typeof TRIGGER_SOURCES)[number];
