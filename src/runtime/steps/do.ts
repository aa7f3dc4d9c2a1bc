/**
 * `step.do`: looks its outcome up in the history, or makes attempts until one succeeds or no retry is left. The promise
 * settles only when the outcome is durable, with a clone of what was stored — so live and replayed code see the same.
 */
import { isSelected } from "../../model/step/arrangement.ts";
import { durationMs } from "../../model/time/duration.ts";
import type { ErrorInfo } from "../../model/values/error-info.ts";
import { LIMITS } from "../../model/limits.ts";
import { isStepName } from "../../model/platform/names.ts";
import { displayName } from "../../model/step/step.ts";
import { DEFAULT_STEP_CONFIG, defaultStepConfig, parseStepConfig } from "../../model/step/config.ts";
import type { Output } from "../../model/step/stream.ts";
import { errorInfo, revive } from "../../model/values/thrown.ts";
import { encode, isTooLarge, Unserialisable, type Encoded } from "../../model/values/value.ts";
import { arrangedCallback } from "./arranged.ts";
import { attempt, contextOf, type StepCallback } from "./attempt.ts";
import { failureOf, verdict, type Failed } from "./failure.ts";
import { duringRollback, fatal, invalidConfig, never } from "./fatal.ts";
import { parseRollback } from "../run/rollback.ts";
import type { Run } from "../run/run.ts";
import { Streamed } from "../streams/output.ts";
import { recall } from "../streams/replay.ts";
import type { DelayedCall } from "./delay.ts";

interface DoCall extends DelayedCall {
  readonly id: string;
  readonly callback: StepCallback;
  /** True when there is a handler that undoes the step. */
  readonly hasRollback: boolean;
}

/** Runs a step, or recalls how it ended. */
export async function stepDo(run: Run, name: unknown, args: readonly unknown[]): Promise<unknown> {
  const { config, callback, rollback } = split(args);
  if (typeof callback !== "function") throw fatal(`Step "${String(name)}" requires a callback function`);
  const { maxSteps, defaultRetryDelayMs } = run.start.options;
  const defaults = defaultStepConfig(defaultRetryDelayMs);
  const handler = parseRollback(name, rollback, defaults);
  if (run.isCompensating) throw duringRollback();
  run.steps += 1;
  if (run.steps > maxSteps) {
    throw fatal(`The limit of ${maxSteps} steps has been reached. This limit can be changed in your worker configuration.`);
  }
  const stepName = String(name);
  if (!isStepName(stepName)) {
    throw fatal(`Step name "${stepName}" exceeds max length (${LIMITS.stepName} chars) or invalid characters found`);
  }
  const parsed = parseStepConfig(config, defaults);
  if (parsed === undefined) throw invalidConfig("Step", stepName);
  const { count, id } = run.nextKey("do", stepName);
  if (handler !== undefined) run.register(id, handler);
  const known = run.history.outcome(id);
  const outcome = known instanceof Promise ? await known : known;
  const call: DoCall = {
    run,
    name: stepName,
    count,
    id,
    callback: callback as StepCallback,
    config: parsed.config,
    delay: parsed.delay,
    lost: 0,
    hasRollback: handler !== undefined,
  };
  if (run.replay !== undefined && (outcome === undefined || outcome.state === "retrying")) return run.replay.skip();
  switch (outcome?.state) {
    case undefined:
      return begin(call);
    case "completed":
      return recall(run, call, outcome.output);
    case "errored":
      throw run.notified(revive(outcome.error));
    case "retrying":
      // The configuration that the step began with holds, whatever the code says now.
      return resume({ ...call, config: outcome.config, lost: outcome.lost ?? 0 }, outcome.attempts, outcome.due);
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

async function begin(call: DoCall): Promise<unknown> {
  const { run, name, count, config, hasRollback } = call;
  const held = run.gate();
  if (held !== undefined) await held;
  const undoable = hasRollback ? ({ rollback: true } as const) : undefined;
  run.emit({ type: "step_started", name, count, ...(config !== DEFAULT_STEP_CONFIG && { config }), ...undoable });
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
    let failure: Failed;
    try {
      const arranged = run.arrangements && arrangedCallback(run.arrangements, name, count, number);
      const callback = arranged ?? call.callback;
      const output = toOutput(call, await attempt(run, callback, ctx, durationMs(config.timeout), call));
      run.emit(
        { type: "attempt_completed", name, count, attempt: number },
        { type: "step_completed", name, count, ...(output !== undefined && { output }) },
      );
      run.working(-1);
      await run.durable();
      return recall(run, call, typeof output === "object" ? output.stream : output);
    } catch (thrown) {
      failure = thrown instanceof Refused ? thrown : failureOf(call, number, thrown);
    }
    const outcome = await failed(call, number, failure);
    if (outcome !== undefined) throw run.notified(revive(outcome));
    const held = run.gate();
    if (held !== undefined) await held;
  }
}

/** Records a failed attempt and waits for the next one; answers the error when there is none. */
async function failed(call: DoCall, number: number, failure: Failed): Promise<ErrorInfo | undefined> {
  const { run, name, count } = call;
  const { error, ...delay } = await verdict(call, number, failure);
  const { arrangements = [] } = run;
  if (delay.retryDelayMs !== undefined && isSelected(arrangements, "delays", name, count)) delay.retryDelayMs = 0;
  const { frame } = failure;
  run.emit({ type: "attempt_errored", name, count, attempt: number, error, ...delay, ...(frame !== undefined && { frame }) });
  if (delay.retryDelayMs === undefined) run.emit({ type: "step_errored", name, count });
  run.working(-1);
  if (delay.retryDelayMs !== undefined) {
    await run.retryDue(call.id);
    return undefined;
  }
  await run.durable();
  return error;
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

function toOutput({ name, count, config }: DoCall, result: unknown): Output | undefined {
  if (result === undefined) return undefined;
  if (result instanceof Streamed) return result.output;
  let output: Encoded;
  try {
    output = encode(result);
  } catch (cause) {
    if (!(cause instanceof Unserialisable)) throw cause;
    const why = config.sensitive === undefined ? cause.message : cause.redacted;
    const message = `Step "${displayName(name, count)}" returned a value which is not serialisable: ${why}`;
    throw new Refused(errorInfo("WorkflowFatalError", message));
  }
  if (!isTooLarge(output)) return output;
  const message = `Step ${displayName(name, count)} output is too large. Maximum allowed size is 1MiB.`;
  throw new Refused({ name: "WorkflowInternalError", message });
}
