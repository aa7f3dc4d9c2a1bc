/**
 * The full output of one step (`GET …/instances/{id}/step`): what the log cuts off. Folded from events one at a time, so
 * that only the step that was asked for is held.
 */
import type { ErrorInfo, InstanceEvent } from "./events.ts";
import { displayName, stepId, type StepKey } from "./step.ts";
import type { Output, StoredStream } from "./stream.ts";
import { REDACTED, toJson } from "./value.ts";

/** Which step, as the log shows it. */
export interface StepQuery {
  /** With the counter: `fetch-1`. */
  readonly name: string;
  readonly type: "step" | "waitForEvent";
  /** 1-based; the step as a whole when absent. */
  readonly attempt?: number | undefined;
}

/** How the step, or the attempt, stands. An error beside `running` means that it is being retried. */
export interface StepOutput {
  readonly status: "running" | "waiting" | "complete" | "errored" | "terminated";
  readonly error: ErrorInfo | null;
  /** The untruncated value; null unless the status is `complete`. */
  readonly output: unknown;
  readonly event_type?: string;
}

/** Looks for one step while events pass. */
export class StepOutputFold {
  readonly #query: StepQuery;
  #sensitive = false;
  #eventType: string | undefined;
  #timeoutMs = 0;
  #attempts = 0;
  #found: Pick<StepOutput, "status" | "error"> | undefined;
  #output: Output | undefined;
  #stream = 0;
  #ofAttempt: ErrorInfo | undefined;
  /** The steps that started before the one that is looked for: a restart from one of them wipes it. */
  readonly #before: Set<string> = new Set();

  constructor(query: StepQuery) {
    this.#query = query;
  }

  /** Undefined when there is no such step, or no such attempt of it. */
  get result(): StepOutput | undefined {
    const { attempt } = this.#query;
    if (this.#found === undefined || (attempt !== undefined && attempt > this.#attempts)) return undefined;
    const eventType = this.#eventType === undefined ? {} : { event_type: this.#eventType };
    if (this.#ofAttempt !== undefined) return { status: "errored", error: this.#ofAttempt, output: null };
    const output = this.#found.status === "complete" ? this.#shown() : null;
    return { ...this.#found, output, ...eventType };
  }

  /** The stream that the step (or the attempt) has brought, if it is one and no secret; `result` shows its preview. */
  get stream(): StoredStream | undefined {
    const output = this.#output;
    if (typeof output !== "object" || this.#sensitive || this.result?.status !== "complete") return undefined;
    return { id: this.#stream, ...output.stream };
  }

  add(event: InstanceEvent): void {
    if (event.type === "workflow_terminated" && this.#found !== undefined && isOpen(this.#found.status)) {
      this.#found = { status: "terminated", error: this.#found.error };
    }
    if (event.type === "workflow_queued" && event.from !== undefined) this.#restart(event.from);
    if (!("name" in event)) return;
    if (this.#found === undefined) this.#note(event);
    if (displayName(event.name, event.count) !== this.#query.name) return;
    if (this.#query.type === "step") this.#addDo(event);
    else this.#addWait(event);
  }

  #note({ type, name, count }: Extract<InstanceEvent, { name: string }>): void {
    if (type === "step_started") this.#before.add(stepId("do", name, count));
    if (type === "sleep_started") this.#before.add(stepId("sleep", name, count));
    if (type === "wait_started") this.#before.add(stepId("waitForEvent", name, count));
  }

  /** Forgets a step that is wiped; one that is kept without an outcome begins anew. */
  #restart(from: StepKey): void {
    const id = stepId(from.kind, from.name, from.count);
    const isWiped = this.#before.has(id);
    if (isWiped) {
      let isKept = true;
      for (const each of this.#before) {
        isKept &&= each !== id;
        if (!isKept) this.#before.delete(each);
      }
    } else if (this.#found === undefined || this.#found.status === "complete" || this.#found.status === "errored") return;
    this.#ofAttempt = undefined;
    this.#attempts = this.#query.type === "step" ? 0 : 1;
    this.#found = isWiped ? undefined : { status: this.#query.type === "step" ? "running" : "waiting", error: null };
  }

  #addDo(event: InstanceEvent): void {
    switch (event.type) {
      case "step_started":
        this.#found = { status: "running", error: null };
        this.#sensitive = event.config?.sensitive !== undefined;
        return;
      case "attempt_started":
        this.#attempts = event.attempt;
        this.#stream = event.eventId;
        return;
      case "attempt_errored":
        this.#found = { status: "running", error: event.error };
        if (event.attempt === this.#query.attempt) this.#ofAttempt = event.error;
        return;
      case "step_completed":
        this.#found = { status: "complete", error: null };
        this.#output = event.output;
        return;
      case "step_errored":
        this.#found = { status: "errored", error: this.#found?.error ?? null };
        return;
      default:
    }
  }

  #addWait(event: InstanceEvent): void {
    switch (event.type) {
      case "wait_started":
        this.#found = { status: "waiting", error: null };
        this.#eventType = event.eventType;
        this.#attempts = 1;
        this.#timeoutMs = event.timeoutMs;
        return;
      case "wait_completed":
        this.#found = { status: "complete", error: null };
        this.#output = event.payload;
        return;
      case "wait_timed_out":
        this.#found = {
          status: "errored",
          error: { name: "WorkflowTimeoutError", message: `Execution timed out after ${this.#timeoutMs}ms` },
        };
        return;
      default:
    }
  }

  #shown(): unknown {
    if (this.#sensitive) return REDACTED;
    if (typeof this.#output === "object") return this.#output.preview;
    return this.#output === undefined ? null : (toJson(this.#output) ?? null);
  }
}

function isOpen(status: StepOutput["status"]): boolean {
  return status === "running" || status === "waiting";
}
