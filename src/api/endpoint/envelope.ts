/** Cloudflare's v4 envelope: every answer says whether it is a success, in the body and in the status alike. */
import { Failure, failureKind, type FailureName } from "../../model/failures/failure.ts";

/** What goes with a list. */
export interface ResultInfo {
  readonly count: number;
  readonly per_page: number;
  readonly total_count: number;
  readonly page?: number;
  readonly total_pages?: number;
  readonly cursor?: string;
  /** There are at least so many as `total_count` says: no more were counted. Only our own lists have it. */
  readonly total_at_least?: boolean;
  /** Only wrangler's local API has it. */
  readonly status_counts?: Readonly<Record<string, number>>;
}

/** One entry of `messages`: what a client should know although it got what it asked for. */
export interface Message {
  readonly code: number;
  readonly message: string;
}

/** The body of a success. */
export function success(result: unknown, info?: ResultInfo, messages: readonly Message[] = []): object {
  return { success: true, errors: [], messages, result, ...(info && { result_info: info }) };
}

/** What is said of a deployment that succeeded; Cloudflare numbers its messages. */
export function deployMessages(remarks: readonly string[]): readonly Message[] {
  return remarks.map((message) => ({ code: failureKind("script.binding_unsupported").code, message }));
}

/** Statuses that say "later". */
const LATER: ReadonlySet<number> = new Set([429, 503]);

/** When a client should try again, in milliseconds, where the failure does not say. */
const RETRY_AFTER_MS = 1_000;

/** One entry of `errors`. wrangler prints the chain under the message: it names the field, and what to do. */
export interface ErrorEntry {
  readonly code: number;
  readonly message: string;
  readonly error_chain?: readonly ErrorEntry[];
}

/** How a failure is shown: Cloudflare's dotted name, and below it what exactly is wrong, where, and what to do next. */
function errorEntry(failure: Failure): ErrorEntry {
  const { code, message, sentence, hint } = failureKind(failure.failure);
  const where = failure.field === undefined ? "" : `${failure.field}: `;
  const exactly = `${where}${failure.detail ?? sentence}`;
  if (message === "detail")
    return { code, message: exactly, ...(hint !== undefined && { error_chain: [{ code, message: hint }] }) };
  const text = [exactly, ...(hint === undefined ? [] : [hint])].join(". ");
  return { code, message: message ?? `workflows.api.error.${failure.failure}`, error_chain: [{ code, message: text }] };
}

/** The answer to a request that was refused. */
export function failureResponse(failure: Failure): Response {
  const { status } = failureKind(failure.failure);
  const headers = new Headers({ "content-type": "application/json" });
  if (LATER.has(status)) headers.set("retry-after", String(Math.ceil((failure.retryAfterMs ?? RETRY_AFTER_MS) / 1_000)));
  // The official SDK retries a refused change twice unless this header forbids it.
  if (status === 409) headers.set("x-should-retry", "false");
  const body = { success: false, errors: [errorEntry(failure)], messages: [], result: null };
  return new Response(JSON.stringify(body), { status, headers });
}

/** As `failureResponse`, in the words of wrangler's local API: one code for what is missing, one for everything else. */
export function explorerFailure(
  failure: Failure,
  { workflow_name: workflow = "", instance_id: id = "" }: Readonly<Record<string, string>>,
): Response {
  const { status } = failureKind(failure.failure);
  const missing: Partial<Record<FailureName, string>> = {
    "workflow.not_found": `Workflow '${workflow}' not found.`,
    "instance.not_found": `Workflow instance '${id}' not found.`,
  };
  const message = missing[failure.failure];
  const error = message === undefined ? { code: 10001, message: failure.message } : { code: 10501, message };
  return Response.json({ success: false, errors: [error], messages: [], result: null }, { status });
}
