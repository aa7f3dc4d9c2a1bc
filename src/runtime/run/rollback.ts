/**
 * Undoing steps, beside user code: which handlers there are, and how one is tried. The engine says which step is next and
 * what its output was; a handler that is not in memory is found by calling `run` again, in a replay that executes nothing.
 */
import { durationMs } from "../../model/time/duration.ts";
import type { StepConfig } from "../../model/instance/events.ts";
import type { ErrorInfo } from "../../model/values/error-info.ts";
import { displayName, stepId } from "../../model/step/step.ts";
import { DEFAULT_STEP_CONFIG, parseStepConfig } from "../../model/step/config.ts";
import { revive } from "../../model/values/thrown.ts";
import type { BegunHandler, Outcome } from "../../protocol/frames.ts";
import { attempt, contextOf } from "../steps/attempt.ts";
import type { AttemptContext } from "../steps/attempt-context.ts";
import type { ExecutionContext } from "./execution-context.ts";
import { failureOf, verdict } from "../steps/failure.ts";
import { fatal, invalidConfig } from "../steps/fatal.ts";
import { Replay } from "./replay.ts";
import type { RollbackHandler } from "./rollback-handler.ts";
import type { Run } from "./run.ts";
import { recall } from "../streams/replay.ts";
import type { DelayedCall } from "../steps/delay.ts";

const MISSING: ErrorInfo = { name: "RollbackMissing", message: "Rollback function not available in registry" };

/** Checks the rollback options of a step; undefined when it has none. */
export function parseRollback(name: unknown, options: unknown, defaults: StepConfig): RollbackHandler | undefined {
  if (options === undefined) return undefined;
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw fatal(`Rollback options for "${String(name)}" must be an object`);
  const { rollback, rollbackConfig } = options as { rollback?: unknown; rollbackConfig?: unknown };
  if (typeof rollback !== "function") throw fatal(`Rollback for "${String(name)}" must be a function`);
  const parsed = parseStepConfig(rollbackConfig, defaults);
  if (parsed === undefined) throw invalidConfig("Rollback", String(name));
  return { ...parsed, undo: rollback as RollbackHandler["undo"] };
}

/** The handlers of a run that undoes steps. */
export class Rollback {
  readonly #run: Run;
  readonly #error: Error;
  readonly #invoke: (context: ExecutionContext) => Promise<unknown>;
  #replayed = false;

  /** `invoke` calls the user's `run` with the steps of this run. */
  constructor(run: Run, error: ErrorInfo, invoke: (context: ExecutionContext) => Promise<unknown>) {
    this.#run = run;
    this.#error = named(error);
    this.#invoke = invoke;
    run.isCompensating = true;
  }

  /** Undoes a step. To be called where the run's user code belongs. */
  async compensate(outcome: Outcome, begun: BegunHandler | undefined, context: ExecutionContext): Promise<void> {
    const { name, count } = outcome.key;
    const run = this.#run;
    const id = stepId("do", name, count);
    // From now on: the delay may end while the handler is being found, which is work, so that the run says afterwards that it is idle.
    const delayed = begun?.due === false ? run.retryDue(id) : undefined;
    if (delayed !== undefined) run.working(1);
    const handler = await this.#find(id, context);
    if (delayed !== undefined) run.working(-1);
    const config = begun?.config ?? handler?.config ?? DEFAULT_STEP_CONFIG;
    if (begun === undefined) {
      run.emit({ type: "rollback_step_started", name, count, ...(config !== DEFAULT_STEP_CONFIG && { config }) });
    }
    if (handler === undefined) return run.emit({ type: "rollback_step_errored", name, count, error: MISSING });
    if (delayed !== undefined) await delayed;
    const facts = { error: this.#error, output: outputOf(run, outcome), stepName: displayName(name, count) };
    const step = { run, name, count, id, config, delay: handler.delay, lost: begun?.lost ?? 0 };
    await attempts(step, (ctx) => handler.undo({ ctx, ...facts }), begun?.attempts);
  }

  async #find(id: string, context: ExecutionContext): Promise<RollbackHandler | undefined> {
    const run = this.#run;
    const known = run.handlers?.get(id);
    if (known !== undefined || this.#replayed) return known;
    this.#replayed = true;
    run.isCompensating = false;
    const replay = new Replay(run);
    run.replay = replay;
    const ended = this.#invoke(context);
    await Promise.race([replay.over, ended.catch(() => {})]);
    run.replay = undefined;
    run.isCompensating = true;
    return run.handlers?.get(id);
  }
}

interface HandlerCall extends DelayedCall {
  readonly id: string;
}

/** Tries a handler until it succeeds or no retry is left; the engine goes on from what is recorded of that. */
async function attempts(call: HandlerCall, undo: (ctx: AttemptContext) => unknown, begun = 0): Promise<void> {
  const { run, name, count, id, config } = call;
  for (let number = begun + 1; ; number += 1) {
    const held = run.gate();
    if (held !== undefined) await held;
    run.emit({ type: "rollback_attempt_started", name, count, attempt: number });
    const ctx = contextOf(call, number);
    run.working(1);
    if (run.start.careful) await run.durable();
    const failure = await attempt(run, undo, ctx, durationMs(config.timeout)).then(
      () => undefined,
      (thrown: unknown) => failureOf(call, number, thrown),
    );
    if (failure === undefined) {
      run.emit(
        { type: "rollback_attempt_completed", name, count, attempt: number },
        { type: "rollback_step_completed", name, count },
      );
      return run.working(-1);
    }
    const { error, ...delay } = await verdict(call, number, failure);
    run.emit({ type: "rollback_attempt_errored", name, count, attempt: number, error, ...delay });
    if (delay.retryDelayMs === undefined) run.emit({ type: "rollback_step_errored", name, count, error });
    run.working(-1);
    if (delay.retryDelayMs === undefined) return;
    await run.retryDue(id);
  }
}

function outputOf(run: Run, outcome: Outcome): unknown {
  return outcome.state === "completed" ? recall(run, outcome.key, outcome.output) : undefined;
}

/** As `revive`, with the name that was recorded: nothing is folded for handlers. */
function named(info: ErrorInfo): Error {
  const error = revive(info);
  if (error.name === info.name) return error;
  error.name = info.name;
  error.message = info.message;
  return error;
}
