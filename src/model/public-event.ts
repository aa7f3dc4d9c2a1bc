/**
 * Events as subscribers see them: Cloudflare's `WorkflowInstanceEvent`. Step names get their counter, secrets are
 * redacted, and what is internal stays so.
 */
import type { InstanceEvent } from "./events.ts";
import { displayName } from "./step.ts";
import { DEFAULT_STEP_CONFIG } from "./step-config.ts";
import type { StoredStream } from "./stream.ts";
import { REDACTED, toJson, type Encoded } from "./value.ts";

/** An event as a subscriber gets it; which further fields there are depends on `type`. */
export interface PublicEvent {
  readonly instanceId: string;
  readonly eventId: number;
  /** Epoch milliseconds. */
  readonly timestamp: number;
  readonly type: string;
  readonly [field: string]: unknown;
}

/** The kinds that subscribers are told of, and may filter by. */
export const PUBLIC_EVENT_TYPES: ReadonlySet<string> = new Set([
  "workflow_queued",
  "workflow_started",
  "workflow_running",
  "workflow_waiting",
  "workflow_waiting_for_pause",
  "workflow_paused",
  "workflow_completed",
  "workflow_errored",
  "workflow_terminated",
  "step_started",
  "step_completed",
  "step_errored",
  "attempt_started",
  "attempt_completed",
  "attempt_errored",
  "sleep_started",
  "sleep_completed",
  "wait_started",
  "wait_completed",
  "wait_timed_out",
  "rollback_started",
  "rollback_completed",
  "rollback_errored",
  "rollback_step_started",
  "rollback_step_completed",
  "rollback_step_errored",
  "rollback_attempt_started",
  "rollback_attempt_completed",
  "rollback_attempt_errored",
]);

/** What a view that has not seen the first events of an instance is told of them. */
export interface Known {
  readonly params: Encoded;
  isSensitive(name: string, count: number): boolean;
}

/** How params and outputs are shown. */
export interface Form {
  value(value: Encoded): unknown;
  /** `preview` is what logs show of it. */
  stream(stream: StoredStream, preview: string): unknown;
}

/** As JSON, and streams as logs show them: the bytes are to be had from the step endpoint. */
const JSON_FORM: Form = { value: toJson, stream: (_, preview) => preview };

/** Shows the events of one instance. It has to see them from the first one on, or be told, to know what is secret. */
export class PublicView {
  readonly #instanceId: string;
  readonly #sensitive: Set<string> = new Set();
  /** Where the last attempts of steps began, by the name of the step: streams are known by it. */
  readonly #attempts: Map<string, number> = new Map();
  readonly #form: Form;
  readonly #known: Known | undefined;
  #params: Encoded | undefined;

  constructor(instanceId: string, { form = JSON_FORM, known }: { form?: Form; known?: Known } = {}) {
    this.#instanceId = instanceId;
    this.#form = form;
    this.#known = known;
    this.#params = known?.params;
  }

  /** Undefined for events that nobody outside is told of. */
  show(event: InstanceEvent): PublicEvent | undefined {
    this.pass(event);
    if (!PUBLIC_EVENT_TYPES.has(event.type)) return undefined;
    const { eventId, timestamp, type } = event;
    const stepName = "name" in event ? { stepName: displayName(event.name, event.count) } : {};
    return { instanceId: this.#instanceId, eventId, timestamp, type, ...stepName, ...this.#extras(event) };
  }

  /** Learns from an event that is not to be shown. */
  pass(event: InstanceEvent): void {
    switch (event.type) {
      case "workflow_queued":
        this.#params = event.params;
        if (event.from === undefined) this.#sensitive.clear();
        return;
      case "step_started":
        if (event.config?.sensitive !== undefined) this.#sensitive.add(displayName(event.name, event.count));
        return;
      case "attempt_started":
        this.#attempts.set(displayName(event.name, event.count), event.eventId);
        return;
      case "step_errored":
        this.#attempts.delete(displayName(event.name, event.count));
        return;
      default:
    }
  }

  #extras(event: InstanceEvent): Record<string, unknown> {
    switch (event.type) {
      case "workflow_started":
        return this.#params === undefined ? {} : { params: this.#form.value(this.#params) };
      case "workflow_completed":
        return event.output === undefined ? {} : { output: this.#form.value(event.output) };
      case "workflow_errored":
      case "rollback_step_errored":
        return { error: event.error };
      case "step_started":
      case "rollback_step_started":
        return { config: event.config ?? DEFAULT_STEP_CONFIG };
      case "step_completed":
        return this.#stepOutput(event);
      case "attempt_started":
      case "attempt_completed":
      case "rollback_attempt_started":
      case "rollback_attempt_completed":
        return { attempt: event.attempt };
      case "attempt_errored":
      case "rollback_attempt_errored": {
        const { attempt, error, retryDelayMs } = event;
        return { attempt, error, ...(retryDelayMs !== undefined && { retryDelayMs }) };
      }
      case "sleep_started":
        return { durationMs: event.durationMs };
      case "wait_started":
        return { eventType: event.eventType };
      default:
        return {};
    }
  }

  #isSensitive(name: string, count: number): boolean {
    return this.#sensitive.has(displayName(name, count)) || this.#known?.isSensitive(name, count) === true;
  }

  #stepOutput({ name, count, output }: Extract<InstanceEvent, { type: "step_completed" }>): Record<string, unknown> {
    if (output === undefined) return {};
    if (this.#isSensitive(name, count)) return { output: REDACTED };
    if (typeof output !== "object") return { output: this.#form.value(output) };
    // A view that has not seen the attempt cannot find its stream, and is not asked to: it shows previews.
    const id = this.#attempts.get(displayName(name, count)) ?? 0;
    return { output: this.#form.stream({ id, ...output.stream }, output.preview) };
  }
}
