/**
 * `step.do`: looks its outcome up in the history, or makes attempts until one succeeds or no retry is left. The promise
 * settles only when the outcome is durable, with a clone of what was stored — so live and replayed code see the same.
 */
import { durationMs } from "../model/duration.ts";
import type { ErrorInfo, StepConfig } from "../model/events.ts";
import { LIMITS } from "../model/limits.ts";
import { isStepName } from "../model/names.ts";
import { mayRetry } from "../model/retry.ts";
import { displayName } from "../model/step.ts";
import { DEFAULT_STEP_CONFIG, defaultStepConfig, parseStepConfig, type DelayFunction } from "../model/step-config.ts";
import { fold, foldAttempt, isNonRetryable, revive } from "../model/thrown.ts";
import { decode, encode, encodedBytes, REDACTED, Unserialisable, type Encoded } from "../model/value.ts";
import { attempt, TimedOut, type AttemptContext, type StepCallback } from "./attempt.ts";
import { delayBeforeRetry, NonRetryableDelay } from "./delay.ts";
import { fatal, never } from "./fatal.ts";
import type { Run } from "./run.ts";

const DOCS = "https://developers.cloudflare.com/workflows/build/sleeping-and-retrying/";

interface DoCall {
  readonly run: Run;
  readonly name: string;
  readonly count: number;
  readonly id: string;
  readonly callback: StepCallback;
  readonly config: StepConfig;
  readonly delay: DelayFunction | undefined;
}

/** Runs a step, or recalls how it ended. */
export async function stepDo(run: Run, name: unknown, args: readonly unknown[]): Promise<unknown> {
  const { config, callback, rollback } = split(args);
  if (typeof callback !== "function") throw fatal(`Step "${String(name)}" requires a callback function`);
  checkRollback(name, rollback);
  const { maxSteps, defaultRetryDelayMs } = run.start.options;
  run.steps += 1;
  if (run.steps > maxSteps) {
    throw fatal(`The limit of ${maxSteps} steps has been reached. This limit can be changed in your worker configuration.`);
  }
  const stepName = String(name);
  if (!isStepName(stepName)) {
    throw fatal(`Step name "${stepName}" exceeds max length (${LIMITS.stepName} chars) or invalid characters found`);
  }
  const parsed = parseStepConfig(config, defaultStepConfig(defaultRetryDelayMs));
  if (parsed === undefined) throw fatal(`Step config for "${stepName}" is in a invalid format. See ${DOCS}`);
  const { count, id } = run.nextKey("do", stepName);
  const known = run.outcome(id);
  const outcome = known instanceof Promise ? await known : known;
  const call: DoCall = {
    run,
    name: stepName,
    count,
    id,
    callback: callback as StepCallback,
    config: parsed.config,
    delay: parsed.delay,
  };
  switch (outcome?.state) {
    case undefined:
      return begin(call);
    case "completed":
      return outcome.output === undefined ? undefined : decode(outcome.output);
    case "errored":
      throw revive(outcome.error);
    case "retrying":
      // The configuration that the step began with holds, whatever the code says now.
      return resume({ ...call, config: outcome.config }, outcome.attempts, outcome.due);
    default:
      return never();
  }
}

function split(args: readonly unknown[]): { config: unknown; callback: unknown; rollback: unknown } {
  const [first, second, third] = args;
  return typeof first === "function"
    ? { config: undefined, callback: first, rollback: second }
    : { config: first, callback: second, rollback: third };
}

function checkRollback(name: unknown, options: unknown): void {
  if (options === undefined) return;
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw fatal(`Rollback options for "${String(name)}" must be an object`);
  const { rollback, rollbackConfig } = options as { rollback?: unknown; rollbackConfig?: unknown };
  if (typeof rollback !== "function") throw fatal(`Rollback for "${String(name)}" must be a function`);
  if (parseStepConfig(rollbackConfig, DEFAULT_STEP_CONFIG) === undefined) {
    throw fatal(`Rollback config for "${String(name)}" is in a invalid format. See ${DOCS}`);
  }
}

async function begin(call: DoCall): Promise<unknown> {
  const { run, name, count, config } = call;
  const held = run.gate();
  if (held !== undefined) await held;
  run.emit({ type: "step_started", name, count, ...(config !== DEFAULT_STEP_CONFIG && { config }) });
  return attempts(call, 1);
}

async function resume(call: DoCall, failed: number, due: boolean): Promise<unknown> {
  if (!due) await call.run.retryDue(call.id);
  const held = call.run.gate();
  if (held !== undefined) await held;
  return attempts(call, failed + 1);
}

async function attempts(call: DoCall, first: number): Promise<unknown> {
  const { run, name, count, config } = call;
  for (let number = first; ; number += 1) {
    run.emit({ type: "attempt_started", name, count, attempt: number });
    const ctx = contextOf(call, number);
    run.working(1);
    if (run.start.careful) await run.durable();
    let failure: { readonly thrown: unknown; readonly info: ErrorInfo; readonly final: boolean };
    try {
      const callback = run.mocks?.attempt(name, count, number) ?? call.callback;
      const output = toOutput(call, await attempt(run, callback, ctx, durationMs(config.timeout)));
      run.emit(
        { type: "attempt_completed", name, count, attempt: number },
        { type: "step_completed", name, count, ...(output !== undefined && { output }) },
      );
      run.working(-1);
      await run.durable();
      return output === undefined ? undefined : decode(output);
    } catch (thrown) {
      failure = thrown instanceof Refused ? thrown : { thrown, info: recorded(thrown), final: isNonRetryable(thrown) };
    }
    const outcome = await failed(call, number, failure);
    if (outcome !== undefined) throw revive(outcome);
    const held = run.gate();
    if (held !== undefined) await held;
  }
}

/** Records a failed attempt and waits for the next one; answers the error when there is none. */
async function failed(
  call: DoCall,
  number: number,
  failure: { readonly thrown: unknown; readonly info: ErrorInfo; readonly final: boolean },
): Promise<ErrorInfo | undefined> {
  const { run, name, count, config } = call;
  let { info } = failure;
  let retryDelayMs: number | undefined;
  if (!failure.final && mayRetry(config, number)) {
    try {
      retryDelayMs = await delayBeforeRetry(call, number, contextOf(call, number), revive(fold(failure.thrown)));
      if (run.mocks?.skipsDelay(name, count) === true) retryDelayMs = 0;
    } catch (cause) {
      if (!(cause instanceof NonRetryableDelay)) throw cause;
      info = { name: "NonRetryableDelayError", message: cause.message };
    }
  }
  run.emit({
    type: "attempt_errored",
    name,
    count,
    attempt: number,
    error: info,
    ...(retryDelayMs !== undefined && { retryDelayMs }),
  });
  if (retryDelayMs === undefined) run.emit({ type: "step_errored", name, count });
  run.working(-1);
  if (retryDelayMs !== undefined) {
    await run.retryDue(call.id);
    return undefined;
  }
  await run.durable();
  return info;
}

/** Errors of the engine's own keep their name in the log; user code sees it folded into the message like any other. */
function recorded(thrown: unknown): ErrorInfo {
  return thrown instanceof TimedOut ? { name: thrown.name, message: thrown.message } : foldAttempt(thrown);
}

/** A result that cannot be kept. Trying again would not change that. */
class Refused extends Error {
  readonly final = true;
  readonly info: ErrorInfo;
  readonly thrown: unknown = this;

  constructor(info: ErrorInfo) {
    super(info.message);
    this.info = info;
  }
}

function toOutput({ name, count, config }: DoCall, result: unknown): Encoded | undefined {
  if (result === undefined) return undefined;
  let output: Encoded;
  try {
    output = encode(result);
  } catch (cause) {
    if (!(cause instanceof Unserialisable)) throw cause;
    // What is wrong with a value is told by showing the place in it.
    const why = config.sensitive === undefined ? cause.message : REDACTED;
    const message = `Step "${displayName(name, count)}" returned a value which is not serialisable: ${why}`;
    throw new Refused({ name: "WorkflowFatalError", message });
  }
  if (encodedBytes(output) <= LIMITS.valueBytes) return output;
  const message = `Step ${displayName(name, count)} output is too large. Maximum allowed size is 1MiB.`;
  throw new Refused({ name: "WorkflowInternalError", message });
}

/** What user code is told of an attempt. It may do with it what it likes: nothing is read back. */
function contextOf({ name, count, config }: DoCall, number: number): AttemptContext {
  return { step: { name, count }, attempt: number, config: shownConfig(config) };
}

/** What the callback is told of its configuration: its own copy, without a delay that is a function. */
function shownConfig({ retries, timeout, sensitive }: StepConfig): AttemptContext["config"] {
  const { limit, delay, backoff } = retries;
  return {
    retries: delay === "[dynamic]" ? { limit, backoff } : { limit, delay, backoff },
    timeout,
    ...(sensitive !== undefined && { sensitive }),
  };
}
