/**
 * Whether something is a frame that the code beside the user's may send. Types only: order, kinds and counts are for
 * `decide` to judge, which knows the instance.
 */
import type { RuntimeEvent, StepConfig } from "../model/instance/events.ts";
import type { ErrorInfo } from "../model/values/error-info.ts";
import { LIMITS } from "../model/limits.ts";
import type { PackedStep } from "../model/step/pack.ts";
import { LONGEST_MS } from "../model/step/retry.ts";
import { TRUNCATED, type StreamOutput, type StreamSize } from "../model/step/stream.ts";
import type { ChunkFrame, FromRuntime } from "./frames.ts";

/** A frame as it travels: steps that succeeded at once are packed. */
export type Packed<F extends FromRuntime> = F extends { readonly events: readonly RuntimeEvent[] }
  ? Omit<F, "events"> & { readonly events: readonly (RuntimeEvent | PackedStep)[] }
  : F;

type KeyOf<T> = T extends unknown ? keyof T : never;

type Fields<T> = { readonly [K in KeyOf<T>]?: unknown };

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
      return frame.type === "idle" && isCount(frame.signals);
  }
}

/** True when `value` has the shape of a chunk. Its bytes are a buffer of their own, which no other code can write to. */
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

type Check = (value: unknown) => boolean;

/** A check for each field of an event; that an attempt was lost is for the engine to say. */
type Shape<E> = Readonly<Record<Exclude<KeyOf<E>, "type" | "lost">, Check>>;

const STEP = { name: isText, count: isCount };
const ATTEMPT = { ...STEP, attempt: isCount };
const FAILED_ATTEMPT = { ...ATTEMPT, error: isErrorInfo, retryDelayMs: optional(isTime) };

/** What events may have. Anything else would go into the journal unseen. */
const SHAPES: { readonly [T in RuntimeEvent["type"]]: Shape<Extract<RuntimeEvent, { type: T }>> } = {
  workflow_completed: { output: optional(isText) },
  workflow_errored: {
    error: isErrorInfo,
    trigger: optional(isErrorInfo),
    rollback: optional((value) => value === "ready" || value === "never"),
    frame: optional(isFrame),
  },
  step_started: { ...STEP, config: optional(isStepConfig), rollback: optional((value) => value === true) },
  step_completed: { ...STEP, output: optional((value) => isText(value) || isStreamOutput(value)) },
  step_errored: STEP,
  attempt_started: ATTEMPT,
  attempt_completed: ATTEMPT,
  attempt_errored: { ...FAILED_ATTEMPT, frame: optional(isFrame) },
  // A negative duration is a sleep that ends at once.
  sleep_started: { ...STEP, durationMs: Number.isFinite, wakeAt: isTime },
  wait_started: { ...STEP, eventType: isText, timeoutMs: isTime },
  rollback_step_started: { ...STEP, config: optional(isStepConfig) },
  rollback_step_completed: STEP,
  rollback_step_errored: { ...STEP, error: isErrorInfo },
  rollback_attempt_started: ATTEMPT,
  rollback_attempt_completed: ATTEMPT,
  rollback_attempt_errored: FAILED_ATTEMPT,
};

interface Field {
  readonly name: string;
  readonly check: Check;
}

/** The same, each as a list: looking up every property of every event in its shape took half as long again. */
const FIELDS: ReadonlyMap<unknown, readonly Field[]> = new Map(
  Object.entries(SHAPES).map(([type, shape]) => [type, Object.entries<Check>(shape).map(([name, check]) => ({ name, check }))]),
);

function isRuntimeEvent(value: unknown): value is RuntimeEvent {
  if (!isObject(value)) return false;
  const event = value as Readonly<Record<string, unknown>>;
  const fields = FIELDS.get(event["type"]);
  if (fields === undefined) return false;
  let unknown = -1;
  for (const _ in event) unknown += 1;
  for (const { name, check } of fields) {
    const field = event[name];
    if (!check(field)) return false;
    if (field !== undefined) unknown -= 1;
  }
  return unknown === 0;
}

function optional(check: Check): Check {
  return (value) => value === undefined || check(value);
}

/** The name of a function of the user's. */
function isFrame(value: unknown): boolean {
  return isText(value) && value.length <= LIMITS.errorFrame;
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

function isText(value: unknown): value is string {
  return typeof value === "string";
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
