/** One call of a step's callback, against its time-out. A late callback is let go, and its result ignored. */
import type { StepConfig } from "../../model/instance/events.ts";
import type { AttemptContext } from "./attempt-context.ts";
import type { Run } from "../run/run.ts";
import { settleable } from "../run/settleable.ts";
import { discard, OutgoingStream, type AttemptCall } from "../streams/output.ts";

export type StepCallback = (ctx: AttemptContext) => unknown;

/** The error of an attempt that took too long. */
export class TimedOut extends Error {
  override readonly name = "WorkflowTimeoutError";
}

/** The context of an attempt for user code, which may modify it: nothing is read back. */
export function contextOf(
  { name, count, config }: Pick<AttemptCall, "name" | "count" | "config">,
  number: number,
): AttemptContext {
  const ctx = { step: { name, count }, attempt: number, config: shownConfig(config) };
  return Object.defineProperty(ctx, "signal", SIGNAL);
}

/** The configuration shown to a callback: its own copy, without a delay that is a function. */
function shownConfig({ retries, timeout, sensitive }: StepConfig): AttemptContext["config"] {
  const { limit, delay, backoff } = retries;
  return {
    retries: delay === "[dynamic]" ? { limit, backoff } : { limit, delay, backoff },
    timeout,
    ...(sensitive !== undefined && { sensitive }),
  };
}

/**
 * Calls the callback. Rejects with what it throws, or when it has not settled in time. A stream that it returns is read and
 * stored for the step that is `call`, which has to be done in time as well: the answer is then what has become of it
 * (`Streamed`). Without `call`, the returned value is not used.
 */
export async function attempt(
  run: Run,
  callback: StepCallback,
  ctx: AttemptContext,
  timeoutMs: number,
  call?: AttemptCall,
): Promise<unknown> {
  const { name, count } = ctx.step;
  const result = run.attempt({ name, count, attempt: ctx.attempt }, callback, ctx);
  if (!isThenable(result) && !(result instanceof ReadableStream)) return result;
  const { promise, resolve, reject } = settleable<unknown>();
  let outgoing: OutgoingStream | undefined;
  let isOver = false;
  const cutOff = (reason: Error): void => {
    isOver = true;
    outgoing?.stop(reason);
    controllerOf(ctx).abort(reason);
  };
  const cancel = (): void => cutOff(new Error("The instance is no longer running here"));
  const settled = (): void => {
    run.deadlines.meet(late);
    run.cleanups.delete(cancel);
  };
  const late = (): void => {
    run.cleanups.delete(cancel);
    const error = new TimedOut(`Execution timed out after ${timeoutMs}ms`);
    reject(error);
    cutOff(error);
  };
  run.deadlines.set(timeoutMs, late);
  run.cleanups.add(cancel);
  const threw = (thrown: unknown): void => {
    settled();
    if (!isOver) reject(thrown);
  };
  const returned = (value: unknown): void => {
    if (!(value instanceof ReadableStream)) {
      settled();
      resolve(value);
    } else if (isOver || call === undefined) {
      settled();
      discard(value);
      if (!isOver) resolve(undefined);
    } else {
      const stream = (outgoing = new OutgoingStream(call, value));
      // Once all of it has been read the result is certain: what is left is to write it down.
      stream
        .read()
        .then(() => settled())
        .then(() => stream.finish())
        .then(resolve, threw);
    }
  };
  if (isThenable(result)) result.then(returned, threw);
  else returned(result);
  return promise;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

/** Signals by the contexts that have them. Most callbacks never look at theirs, so it is made when they do. */
const controllers = new WeakMap<object, AbortController>();

function controllerOf(ctx: object): AbortController {
  const known = controllers.get(ctx);
  if (known !== undefined) return known;
  const made = new AbortController();
  controllers.set(ctx, made);
  return made;
}

/** One for all contexts: an object that gets a getter of its own is a slow one. */
const SIGNAL: PropertyDescriptor = {
  enumerable: false,
  get(this: object) {
    return controllerOf(this).signal;
  },
};
