/**
 * The catalogue of failures: every error that stepwell returns, each under a stable name.
 *
 * A name is the tail of Cloudflare's REST message (`workflows.api.error.<name>`) and the head of the binding's text
 * (`(<name>) <sentence>`). Codes and HTTP statuses are Cloudflare's where they are known; the ones that start with 109
 * are ours. Our own code tells failures apart by `name in the catalogue`, never by their text.
 */

import { ACCESS_FAILURES } from "./access.ts";
import { ACTION_FAILURES } from "./actions.ts";
import type { FailureKind, FailureTable } from "./kind.ts";
import { LIMITS } from "../limits.ts";
import { QUEUE_FAILURES } from "./queues.ts";
import { REQUEST_FAILURES } from "./requests.ts";
import { SERVICE_FAILURES } from "./services.ts";
import { STORAGE_FAILURES } from "./storage.ts";
import { STORE_FAILURES } from "./store.ts";

const catalogue = {
  internal_server: {
    code: 10001,
    status: 500,
    sentence: "Internal error",
    hint: "Search the server's log for this request id.",
  },
  body: { code: 10002, status: 400, sentence: "The request is not valid" },
  not_found: { code: 10900, status: 404, sentence: "Route not found" },
  "workflow.not_found": { code: 10200, status: 404, sentence: "Workflow not found" },
  "workflow.script_deleted": {
    code: 10934,
    status: 409,
    sentence: "The Worker of this workflow has been deleted; no instance can be started",
    hint: "Deploy the Worker again, or delete the workflow.",
  },
  "workflow.invalid_name": {
    code: 10901,
    status: 400,
    sentence: "Workflow name is invalid",
    hint: "Use 1 to 64 letters, digits, _ and -, not starting with -.",
  },
  "workflow.too_many_schedules": {
    code: 10930,
    status: 400,
    sentence: `At most ${LIMITS.schedules} schedules are allowed in the account`,
    hint: "Remove schedules from this workflow or from others.",
  },
  "workflow.jurisdiction_fixed": {
    code: 10209,
    status: 400,
    message: "detail",
    sentence: "The jurisdiction of a workflow cannot be changed",
    hint: "Use another workflow name, or delete the workflow with its instances first.",
  },
  "concurrency.not_found": { code: 10931, status: 404, sentence: "Concurrency key not found" },
  "concurrency.already_exists": {
    code: 10932,
    status: 409,
    sentence: "A concurrency key with this name already exists",
    hint: "Change its limit, or choose another name.",
  },
  "concurrency.too_many": {
    code: 10933,
    status: 400,
    sentence: `At most ${LIMITS.concurrencyKeys} concurrency keys are allowed`,
    hint: "Delete a key that is no longer needed.",
  },
  "version.not_found": { code: 10300, status: 404, sentence: "Version not found" },
  "instance.not_found": { code: 10400, status: 404, sentence: "Instance not found" },
  "instance.cannot_terminate": { code: 10401, status: 409, sentence: "Cannot terminate instance since its on a finite state" },
  "instance.cannot_restart": { code: 10402, status: 409, sentence: "Cannot restart instance" },
  "instance.already_exists": {
    code: 10405,
    status: 400,
    sentence: "Instance already exists",
    hint: "Use another id, or delete the existing instance.",
  },
  "instance.duplicate_in_batch": { code: 10415, status: 400, sentence: "The id occurs more than once in the batch" },
  "instance.invalid_id": {
    code: 10902,
    status: 400,
    sentence: "Instance ID is invalid",
    hint: "Use 1 to 100 letters, digits, _ and -, not starting with -.",
  },
  "instance.in_finite_state": { code: 10903, status: 409, sentence: "Instance reached a finite state, cannot send events to it" },
  "instance.too_many_events": {
    code: 10911,
    status: 429,
    sentence: "The instance has too many unconsumed events",
  },
  "instance.too_many_queued": {
    code: 10951,
    status: 429,
    sentence: "Too many instances are queued",
    hint: "Retry when the queue is shorter, or start the server with a higher --max-queued.",
  },
  "rate_limit.workflow_instance_creation": {
    code: 10950,
    status: 429,
    sentence: "Too many instances are being created",
    hint: "Retry after the time in Retry-After, or start the server with a higher --create-rate.",
  },
  "instance.step_not_found": {
    code: 10904,
    status: 404,
    sentence: "Step not found",
    hint: "Use the step name with its counter, as the instance's log shows it: fetch-1.",
  },
  "instance.step_output_corrupt": {
    code: 10916,
    status: 500,
    sentence: "Step has completed but its stored stream output is corrupt or incomplete",
  },
  "instance.not_delayed": {
    code: 11060,
    status: 409,
    sentence: "The instance is neither sleeping in this step nor waiting to retry it",
    hint: "Check what the instance waits for. Resume it first if it is paused.",
  },
  "instance.too_large": { code: 10905, status: 413, sentence: "The value is larger than 1 MiB" },
  "workflow.invalid_event_type": {
    code: 10906,
    status: 400,
    sentence: "Event type is invalid",
    hint: "Use 1 to 100 letters, digits, _ and -, not starting with -.",
  },
  "script.not_found": {
    code: 10007,
    status: 404,
    message: "This Worker does not exist on your account.",
    sentence: "This Worker does not exist",
  },
  "script.environment_not_found": {
    code: 10090,
    status: 404,
    message: "This Worker does not exist on your account.",
    sentence: "This Worker does not exist",
  },
  "script.invalid": { code: 10021, status: 400, message: "detail", sentence: "The Worker's code cannot be loaded" },
  "script.invalid_name": {
    code: 10960,
    status: 400,
    sentence: "The Worker's name is invalid",
    hint: "Use 1 to 63 lower-case letters, digits, _ and -, starting with a letter or a digit.",
  },
  "script.too_large": { code: 10027, status: 413, message: "detail", sentence: "The Worker is too large" },
  "script.version_not_found": { code: 10961, status: 404, sentence: "Worker version not found" },
  "script.version_active": {
    code: 10968,
    status: 409,
    sentence: "The version is active",
    hint: "Deploy another version first.",
  },
  "script.already_exists": { code: 10969, status: 409, sentence: "A Worker with this name already exists" },
  "script.no_secret": { code: 10056, status: 404, message: "Binding not found.", sentence: "The Worker has no such secret" },
  "script.binding_unsupported": { code: 10962, status: 400, message: "detail", sentence: "The binding type is not supported" },
  "script.module_unsupported": { code: 10963, status: 400, message: "detail", sentence: "The module type is not supported" },
  "script.split": {
    code: 10964,
    status: 400,
    sentence: "Traffic cannot be split: one version must get 100 %",
    hint: "Deploy one version. Instances that have already started stay on their version.",
  },
  "script.too_many_tails": {
    code: 10966,
    status: 429,
    sentence: `At most ${LIMITS.tails} tails are allowed for each Worker`,
    hint: "Close a tail, or wait until one expires.",
  },
  "script.tail_not_found": { code: 10965, status: 404, sentence: "Tail not found" },
  "script.class_missing": { code: 10907, status: 400, sentence: "The Worker does not export this class" },
  "script.no_fetch_handler": { code: 10908, status: 404, sentence: "The Worker has no fetch handler" },
  "script.exception": {
    code: 10913,
    status: 500,
    sentence: "The Worker threw an exception",
    hint: "The stack is in the Worker's log.",
  },
  "script.unavailable": { code: 10909, status: 503, sentence: "The Worker stopped before it answered" },
  "executor.missing": {
    code: 10959,
    status: 503,
    sentence: "workerd has no binary for this machine",
    hint: "Start the server with --executor node, which runs Workers in Node worker threads.",
  },
  "executor.not_started": {
    code: 10958,
    status: 503,
    sentence: "workerd did not start",
    hint: "Check that this machine can run its binary (system libraries, permissions, memory), or start with --executor node, which runs Workers in Node worker threads.",
  },
  "account.not_found": {
    code: 7003,
    status: 404,
    message: "Could not route to the account, perhaps its identifier is invalid?",
    sentence: "Account not found",
  },
  "subscribe.upgrade_required": {
    code: 10914,
    status: 426,
    sentence: "This endpoint requires a WebSocket or an event stream",
    hint: "Open a WebSocket, or send Accept: text/event-stream.",
  },
  "runtime.out_of_order": {
    code: 10912,
    status: 500,
    sentence: "The runtime sent an event that contradicts the journal",
  },
  "vault.key_missing": {
    code: 10940,
    status: 503,
    sentence: "The key that encrypted this output is missing",
    hint: "Start stepwell with that key as an additional one (STEPWELL_KEY or STEPWELL_KEY_FILE), then resume the instance.",
  },
  "vault.key_invalid": {
    code: 10941,
    status: 503,
    sentence: "An encryption key is not valid",
    hint: "A key is 32 random bytes in base64 or hex. `openssl rand -base64 32` creates one.",
  },
  "vault.damaged": { code: 10942, status: 500, sentence: "A stored output is damaged or has been moved" },
  ...ACCESS_FAILURES,
  ...ACTION_FAILURES,
  ...QUEUE_FAILURES,
  ...REQUEST_FAILURES,
  ...SERVICE_FAILURES,
  ...STORAGE_FAILURES,
  ...STORE_FAILURES,
  shutting_down: { code: 10910, status: 503, sentence: "The server is shutting down" },
} as const satisfies FailureTable;

/** The name of a failure in the catalogue. */
export type FailureName = keyof typeof catalogue;

/** The names of all failures. */
export const FAILURE_NAMES: readonly FailureName[] = Object.keys(catalogue) as FailureName[];

/** What the catalogue says of a failure. */
export function failureKind(name: FailureName): FailureKind {
  return catalogue[name];
}

/** An error of the catalogue. Thrown before anything changes, and returned to the client. */
export class Failure extends Error {
  override readonly name = "WorkflowError";
  /** Which entry of the catalogue. */
  readonly failure: FailureName;
  /** Which part of the input is at fault, as a path such as `params` or `instances[3].id`. */
  readonly field: string | undefined;
  /** What exactly is wrong, where the catalogue's sentence is too general. */
  readonly detail: string | undefined;
  /** After how many milliseconds it makes sense to try again, where that is known. */
  readonly retryAfterMs: number | undefined;

  constructor(failure: FailureName, about: { field?: string; detail?: string; retryAfterMs?: number; cause?: unknown } = {}) {
    super(`(${failure}) ${about.detail ?? catalogue[failure].sentence}`, { cause: about.cause });
    this.failure = failure;
    this.field = about.field;
    this.detail = about.detail;
    this.retryAfterMs = about.retryAfterMs;
  }
}
