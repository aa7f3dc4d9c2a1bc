/**
 * Events as subscribers see them: Cloudflare's `WorkflowInstanceEvent`. Step names get their counter, secrets are
 * redacted, and what is internal stays so.
 */
import { shownFields } from "../instance/event-kinds.ts";
import type { InstanceEvent } from "../instance/events.ts";
import { displayName } from "../step/step.ts";
import { DEFAULT_STEP_CONFIG } from "../step/config.ts";
import type { StoredStream } from "../step/stream.ts";
import { REDACTED, toJson, type Encoded } from "../values/value.ts";
import { isStep, type InstanceView, type StepView } from "./fold.ts";

/** An event as a subscriber gets it; which further fields there are depends on `type`. */
export interface PublicEvent {
  readonly instanceId: string;
  readonly eventId: number;
  /** Epoch milliseconds. */
  readonly timestamp: number;
  readonly type: string;
  readonly [field: string]: unknown;
}

/** What has to be known of an instance to show its events. */
export interface Known {
  readonly params: Encoded | undefined;
  isSensitive(name: string, count: number): boolean;
  /** The number of the stream that the last attempt of a step may have brought; undefined when it is not known. */
  streamOf(name: string, count: number): number | undefined;
}

/** What the fold of all events before one knows. */
export function knownFrom(view: InstanceView): Known {
  const stepOf = (name: string, count: number): StepView | undefined => {
    const step = view.open({ kind: "do", name, count });
    return step !== undefined && isStep(step) ? step : undefined;
  };
  return {
    get params() {
      return view.life?.params;
    },
    isSensitive: (name, count) => stepOf(name, count)?.config.sensitive !== undefined,
    streamOf: (name, count) => stepOf(name, count)?.stream,
  };
}

/** How params and outputs are shown. */
export interface Form {
  value(value: Encoded): unknown;
  /** `preview` is what logs show of it. */
  stream(stream: StoredStream, preview: string): unknown;
}

/** As JSON, and streams as logs show them: the bytes are to be had from the step endpoint. */
const JSON_FORM: Form = { value: toJson, stream: (_, preview) => preview };

/** Undefined for events that are not public. `known` knows of all events before this one. */
export function publicEvent(
  instanceId: string,
  event: InstanceEvent,
  known: Known,
  form: Form = JSON_FORM,
): PublicEvent | undefined {
  const { eventId, timestamp, type } = event;
  const fields = shownFields(type);
  if (fields === undefined) return undefined;
  const stepName = "name" in event ? { stepName: displayName(event.name, event.count) } : {};
  return { instanceId, eventId, timestamp, type, ...stepName, ...extras(event, fields, known, form) };
}

/** The fields that are shown; fields with values of user code take another form, or come from elsewhere. */
function extras(event: InstanceEvent, fields: readonly string[], known: Known, form: Form): Record<string, unknown> {
  switch (event.type) {
    case "workflow_started":
      return known.params === undefined ? {} : { params: form.value(known.params) };
    case "workflow_completed":
      return event.output === undefined ? {} : { output: form.value(event.output) };
    case "step_started":
    case "rollback_step_started":
      return { config: event.config ?? DEFAULT_STEP_CONFIG };
    case "step_completed":
      return stepOutput(event, known, form);
    default: {
      const all: Readonly<Record<string, unknown>> = { ...event };
      return Object.fromEntries(fields.map((field) => [field, all[field]]).filter(([, value]) => value !== undefined));
    }
  }
}

type StepCompleted = Extract<InstanceEvent, { type: "step_completed" }>;

function stepOutput({ name, count, output }: StepCompleted, known: Known, form: Form): Record<string, unknown> {
  if (output === undefined) return {};
  if (known.isSensitive(name, count)) return { output: REDACTED };
  if (typeof output !== "object") return { output: form.value(output) };
  // Where the attempt is not known its stream is not asked for: the preview is shown.
  const id = known.streamOf(name, count) ?? 0;
  return { output: form.stream({ id, ...output.stream }, output.preview) };
}
