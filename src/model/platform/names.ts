/** What may be a name. The patterns are Cloudflare's. */
import { LIMITS } from "../limits.ts";

const NAME = /^[a-zA-Z0-9_][a-zA-Z0-9\-_]*$/;
const ADDRESS = /^[a-zA-Z0-9, */#_-]+$/;
const GENERATED_ID = /^cf_[0-9a-f]{64}$/;
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u001f]/;

/** Ids that are also segments of REST routes. */
const RESERVED_IDS: ReadonlySet<string> = new Set(["batch", "terminate", "terminateAll"]);

/** Names that are also segments of REST routes. */
const RESERVED_WORKFLOWS: ReadonlySet<string> = new Set(["settings", "concurrency"]);

/** A workflow's name: 1–64 letters, digits, `_` and `-`, not starting with `-`. */
export function isWorkflowName(name: string): boolean {
  return name.length <= LIMITS.workflowName && NAME.test(name) && !RESERVED_WORKFLOWS.has(name);
}

/** An id that a new instance may be given: 1–100 characters, and none that Cloudflare keeps for itself. */
export function isInstanceId(id: string): boolean {
  return id.length <= LIMITS.instanceId && NAME.test(id) && !RESERVED_IDS.has(id) && !GENERATED_ID.test(id);
}

/** An id that an instance may have: 1–271 characters; those that schedules make contain spaces, `*` and `/`. */
export function isInstanceAddress(id: string): boolean {
  return id.length <= LIMITS.instanceAddress && ADDRESS.test(id);
}

/** An event's type: 1–100 letters, digits, `_` and `-`, not starting with `-`. */
export function isEventType(type: string): boolean {
  return type.length <= LIMITS.eventType && NAME.test(type);
}

/** The name of a sleep or a wait, which may be any text that is not too long. */
export function isWaitName(name: string): boolean {
  return name.length <= LIMITS.waitName;
}

/** A step's name: at most 256 characters and no control characters; it may be empty. */
export function isStepName(name: string): boolean {
  return name.length <= LIMITS.stepName && !CONTROL.test(name);
}
