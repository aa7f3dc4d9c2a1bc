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

/** How long an instance has been paused, in milliseconds: what was due meanwhile is due that much later. */
export function pausedMs(pausedAt: number | null | undefined, now: number): number {
  return pausedAt === null || pausedAt === undefined ? 0 : now - pausedAt;
}

/** The statuses that only `restart` and `delete` lead out of. */
export const FINAL_STATUSES = ["complete", "errored", "terminated"] as const satisfies readonly InstanceStatus[];

export type FinalStatus = (typeof FINAL_STATUSES)[number];

/**
 * The statuses in which an instance takes one of the places that limit how many run at once. After a crash they are the
 * interrupted ones: their code was running. SQLite finds them by a partial index, which repeats this list in this order.
 */
export const PLACE_STATUSES = ["running", "waitingForPause", "rollingBack"] as const satisfies readonly InstanceStatus[];

const FINAL: ReadonlySet<InstanceStatus> = new Set(FINAL_STATUSES);
const PLACED: ReadonlySet<InstanceStatus> = new Set(PLACE_STATUSES);

/** True when no further work will be done for an instance unless it is restarted. */
export function isFinal(status: InstanceStatus): status is FinalStatus {
  return FINAL.has(status);
}

/** True while the instance takes one of the places that limit how many run at once. */
export function holdsPlace(status: InstanceStatus): boolean {
  return PLACED.has(status);
}

/** What created an instance. Cloudflare's five values. */
export const TRIGGER_SOURCES = ["unknown", "api", "binding", "event", "cron"] as const;

/** What created an instance. */
export type TriggerSource = (typeof TRIGGER_SOURCES)[number];
