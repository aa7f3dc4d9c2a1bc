/**
 * Whether something is a frame that the code beside the user's may send. Types only: order, kinds and counts are for
 * `decide` to judge, which knows the instance.
 */
import type { RuntimeEvent, StepConfig } from "../model/instance/events.ts";
import type { ErrorInfo } from "../model/values/error-info.ts";
import { LIMITS } from "../model/limits.ts";
import { DURATION_LENGTH } from "../model/time/duration.ts";
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

interface Field {
  readonly name: string;
  readonly check: Check;
}

function fieldsOf(shape: Readonly<Record<string, Check>>): readonly Field[] {
  return Object.entries(shape).map(([name, check]) => ({ name, check }));
}

/** What is in events, whose fields are as few as theirs. */
const RETRIES = fieldsOf({
  limit: isSpan,
  delay: isDuration,
  backoff: (value) => value === "constant" || value === "linear" || value === "exponential",
} satisfies Shape<StepConfig["retries"]>);
const CONFIG = fieldsOf({
  retries: (value) => isObject(value) && hasOnly(value, RETRIES, 0),
  timeout: isDuration,
  sensitive: optional((value) => value === "output"),
} satisfies Shape<StepConfig>);
const STREAM = fieldsOf({ chunks: isCount, bytes: isCount } satisfies Shape<StreamSize>);
const STREAM_OUTPUT = fieldsOf({
  stream: (value) => isObject(value) && hasOnly(value, STREAM, 0),
  preview: isTextUpTo(LIMITS.logOutput + TRUNCATED.length),
} satisfies Shape<StreamOutput>);
const ERROR = fieldsOf({
  name: isTextUpTo(LIMITS.errorName),
  message: isTextUpTo(LIMITS.errorText),
} satisfies Shape<ErrorInfo>);

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
    frame: optional(isTextUpTo(LIMITS.errorFrame)),
  },
  step_started: { ...STEP, config: optional(isStepConfig), rollback: optional((value) => value === true) },
  step_completed: { ...STEP, output: optional((value) => isText(value) || isStreamOutput(value)) },
  step_errored: STEP,
  attempt_started: ATTEMPT,
  attempt_completed: ATTEMPT,
  attempt_errored: { ...FAILED_ATTEMPT, frame: optional(isTextUpTo(LIMITS.errorFrame)) },
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

/** The same, each as a list: looking up every property of every event in its shape took half as long again. */
const FIELDS: ReadonlyMap<unknown, readonly Field[]> = new Map(
  Object.entries(SHAPES).map(([type, shape]) => [type, fieldsOf(shape)]),
);

function isRuntimeEvent(value: unknown): value is RuntimeEvent {
  if (!isObject(value)) return false;
  const event = value as Readonly<Record<string, unknown>>;
  const fields = FIELDS.get(event["type"]);
  return fields !== undefined && hasOnly(event, fields, 1);
}

/** True when what it has are these fields, and so many others. */
function hasOnly(value: object, fields: readonly Field[], others: number): boolean {
  let unknown = -others;
  for (const _ in value) unknown += 1;
  for (const { name, check } of fields) {
    const field = (value as Readonly<Record<string, unknown>>)[name];
    if (!check(field)) return false;
    if (field !== undefined) unknown -= 1;
  }
  return unknown === 0;
}

function optional(check: Check): Check {
  return (value) => value === undefined || check(value);
}

function isTextUpTo(length: number): Check {
  return (value) => isText(value) && value.length <= length;
}

function isStepConfig(value: unknown): value is StepConfig {
  return isObject(value) && hasOnly(value, CONFIG, 0);
}

function isStreamOutput(value: unknown): value is StreamOutput {
  return isObject(value) && hasOnly(value, STREAM_OUTPUT, 0);
}

function isErrorInfo(value: unknown): value is ErrorInfo {
  return isObject(value) && hasOnly(value, ERROR, 0);
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
  return isText(value) ? value.length <= DURATION_LENGTH : isSpan(value);
}
