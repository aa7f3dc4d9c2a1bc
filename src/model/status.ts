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
