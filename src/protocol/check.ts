/**
 * Whether something is a frame that the code beside the user's may send. Types only: order, kinds and counts are for
 * `decide` to judge, which knows the instance.
 */
import type { ErrorInfo, RuntimeEvent, StepConfig } from "../model/instance/events.ts";
import { LIMITS } from "../model/limits.ts";
import type { PackedStep } from "../model/instance/pack.ts";
import { LONGEST_MS } from "../model/step/retry.ts";
import { TRUNCATED, type StreamOutput, type StreamSize } from "../model/step/stream.ts";
import type { ChunkFrame, FromRuntime } from "./frames.ts";

/** A frame as it travels: steps that succeeded at once are packed. */
export type Packed<F extends FromRuntime> = F extends { readonly events: readonly RuntimeEvent[] }
  ? Omit<F, "events"> & { readonly events: readonly (RuntimeEvent | PackedStep)[] }
  : F;

type Fields<T> = { readonly [K in T extends unknown ? keyof T : never]?: unknown };

/** True when `value` has the shape of a frame to the engine. */
export function isFromRuntime(value: unknown): value is Packed<Exclude<FromRuntime, ChunkFrame>> {
  if (!isObject(value)) return false;
  const frame: Fields<FromRuntime> = value;
  if (!isCount(frame.run)) return false;
  switch (frame.type) {
    case "events":
      return isCount(frame.n) && Array.isArray(frame.events) && frame.events.every(isEntry);
    case "parked":
      return true;
    case "need":
      return isCount(frame.from);
    case "lost":
      return isText(frame.detail);
    case "read":
      return isText(frame.name) && isCount(frame.count) && isCount(frame.index);
    default:
      return frame.type === "idle" && isCount(frame.heard);
  }
}

/** True when `value` has the shape of a chunk. Its bytes are a buffer of their own, which nobody else can write to. */
export function isChunkFrame(value: unknown): value is ChunkFrame {
  if (!isObject(value)) return false;
  const { type, run, name, count, index, bytes }: Fields<ChunkFrame> = value;
  if (type !== "chunk" || !isCount(run) || !isText(name) || !isCount(count) || !isCount(index)) return false;
  return bytes instanceof Uint8Array && bytes.buffer instanceof ArrayBuffer && bytes.buffer.byteLength === bytes.byteLength;
}

function isEntry(value: unknown): boolean {
  return Array.isArray(value) ? isPackedStep(value) : isRuntimeEvent(value);
}

function isPackedStep([name, count, output, config, rollback, ...more]: unknown[]): boolean {
  const known = isText(name) && isCount(count) && (output === null || isText(output)) && more.length === 0;
  if (rollback !== undefined) return known && rollback === true && (config === null || isStepConfig(config));
  return known && (config === undefined || isStepConfig(config));
}

/** What events may have. Anything else would go into the journal unseen. */
const PROPERTIES: ReadonlySet<string> = new Set<keyof Fields<RuntimeEvent>>([
  "type",
  "name",
  "count",
  "attempt",
  "config",
  "rollback",
  "error",
  "trigger",
  "frame",
  "retryDelayMs",
  "output",
  "durationMs",
  "wakeAt",
  "eventType",
  "timeoutMs",
]);

function isRuntimeEvent(value: unknown): value is RuntimeEvent {
  if (!isObject(value)) return false;
  for (const property in value) if (!PROPERTIES.has(property)) return false;
  const event: Fields<RuntimeEvent> = value;
  if (event.type === "workflow_completed") return isText(event.output, "optional");
  if (event.type === "workflow_errored") {
    const { error, trigger, rollback, frame } = event;
    if ((trigger !== undefined && !isErrorInfo(trigger)) || !isFrame(frame)) return false;
    return isErrorInfo(error) && (rollback === undefined || rollback === "ready" || rollback === "never");
  }
  return isText(event.name) && isCount(event.count) && isStepEvent(event);
}

function isStepEvent(event: Fields<RuntimeEvent>): boolean {
  switch (event.type) {
    case "step_started":
      return isConfigOrNone(event.config) && (event.rollback === undefined || event.rollback === true);
    case "rollback_step_started":
      return isConfigOrNone(event.config);
    case "rollback_step_errored":
      return isErrorInfo(event.error);
    case "attempt_started":
    case "attempt_completed":
    case "rollback_attempt_started":
    case "rollback_attempt_completed":
      return isCount(event.attempt);
    case "attempt_errored":
      return isFailedAttempt(event) && isFrame(event.frame);
    case "rollback_attempt_errored":
      return isFailedAttempt(event);
    case "step_completed":
      return isText(event.output, "optional") || isStreamOutput(event.output);
    case "sleep_started":
      // A negative duration is a sleep that ends at once.
      return Number.isFinite(event.durationMs) && isTime(event.wakeAt);
    case "wait_started":
      return isText(event.eventType) && isTime(event.timeoutMs);
    default:
      return event.type === "step_errored" || event.type === "rollback_step_completed";
  }
}

function isFailedAttempt({ attempt, error, retryDelayMs }: Fields<RuntimeEvent>): boolean {
  return isCount(attempt) && isErrorInfo(error) && (retryDelayMs === undefined || isTime(retryDelayMs));
}

/** The name of a function of the user's, or nothing. */
function isFrame(value: unknown): boolean {
  return value === undefined || (isText(value) && value.length <= LIMITS.errorFrame);
}

function isConfigOrNone(value: unknown): boolean {
  return value === undefined || isStepConfig(value);
}

function isStepConfig(value: unknown): value is StepConfig {
  if (!isObject(value)) return false;
  const { retries, timeout, sensitive }: Fields<StepConfig> = value;
  if (!isObject(retries) || !isDuration(timeout)) return false;
  const { limit, delay, backoff }: Fields<StepConfig["retries"]> = retries;
  const known = backoff === "constant" || backoff === "linear" || backoff === "exponential";
  return known && isSpan(limit) && isDuration(delay) && (sensitive === undefined || sensitive === "output");
}

function isStreamOutput(value: unknown): value is StreamOutput {
  if (!isObject(value)) return false;
  const { stream, preview }: Fields<StreamOutput> = value;
  if (!isObject(stream) || !isText(preview) || preview.length > LIMITS.logOutput + TRUNCATED.length) return false;
  const { chunks, bytes }: Fields<StreamSize> = stream;
  return isCount(chunks) && isCount(bytes);
}

function isErrorInfo(value: unknown): value is ErrorInfo {
  if (!isObject(value)) return false;
  const { name, message }: Fields<ErrorInfo> = value;
  return isText(name) && isText(message);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isText(value: unknown, presence: "required" | "optional" = "required"): value is string {
  return typeof value === "string" || (value === undefined && presence === "optional");
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isSpan(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

/** A moment, or a span of time that leads to one from now. */
function isTime(value: unknown): value is number {
  return isSpan(value) && value <= LONGEST_MS;
}

function isDuration(value: unknown): value is number | string {
  return typeof value === "string" || isSpan(value);
}
