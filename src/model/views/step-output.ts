/** The full output of one step (`GET …/instances/{id}/step`): what the log cuts off. Of the other steps no output is kept. */
import type { ErrorInfo } from "../values/error-info.ts";
import type { Output, StoredStream } from "../step/stream.ts";
import { REDACTED, toJson } from "../values/value.ts";
import { InstanceView, isStep, timedOut, type StepLike, type StepView } from "./fold.ts";

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

/** The fold of which `stepOutput` is made. */
export function stepView({ name, type }: StepQuery): InstanceView<Output> {
  return new InstanceView((of, output) => (of.name === name && of.type === type ? output : undefined));
}

/** The output, and its stream if it is one and no secret. Undefined when there is no such step, or no such attempt of it. */
export function stepOutput(
  view: InstanceView<Output>,
  { name, type, attempt }: StepQuery,
): { readonly result: StepOutput; readonly stream: StoredStream | undefined } | undefined {
  const step = view.entries.find((entry): entry is StepLike<Output> => entry.type === type && entry.name === name);
  if (step === undefined || (attempt !== undefined && attempt > attemptsOf(step))) return undefined;
  const wasCutOff = step.state === "running" && view.life?.status === "terminated";
  if (isStep(step)) {
    const failed = attempt === undefined ? null : (step.attempts[attempt - 1]?.error ?? null);
    if (failed !== null) return { result: { status: "errored", error: failed, output: null }, stream: undefined };
    const error = step.state === "complete" ? null : lastError(step);
    const output = step.state === "complete" ? shown(step) : null;
    return { result: { status: wasCutOff ? "terminated" : step.state, error, output }, stream: streamOf(step) };
  }
  const status = wasCutOff ? "terminated" : step.state === "running" ? "waiting" : step.state;
  const error = step.type === "waitForEvent" && status === "errored" ? timedOut(step) : null;
  const eventType = step.type === "waitForEvent" ? { event_type: step.eventType } : {};
  return { result: { status, error, output: status === "complete" ? shown(step) : null, ...eventType }, stream: undefined };
}

function attemptsOf(step: StepLike<Output>): number {
  return isStep(step) ? step.attempts.length : 1;
}

function lastError({ attempts }: StepView<Output>): ErrorInfo | null {
  return attempts.findLast(({ error }) => error !== null)?.error ?? null;
}

function isSecret(step: StepLike<Output>): boolean {
  return isStep(step) && step.config.sensitive !== undefined;
}

function shown(step: StepLike<Output>): unknown {
  if (isSecret(step)) return REDACTED;
  if (typeof step.shown === "object") return step.shown.preview;
  return step.shown === undefined ? null : (toJson(step.shown) ?? null);
}

function streamOf(step: StepView<Output>): StoredStream | undefined {
  return typeof step.shown === "object" && !isSecret(step) ? { id: step.stream, ...step.shown.stream } : undefined;
}
