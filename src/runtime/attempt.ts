/** One call of a step's callback, against its time-out. A callback that is late is let go: its result matters to nobody. */
import type { Backoff, StepConfig } from "../model/events.ts";
import type { Run } from "./run.ts";
import { discard, OutgoingStream, type AttemptCall } from "./stream-output.ts";

/** What a step's callback is given. */
export interface AttemptContext {
  readonly step: { readonly name: string; readonly count: number };
  /** 1-based. */
  readonly attempt: number;
  readonly config: {
    readonly retries: { readonly limit: number; readonly delay?: number | string; readonly backoff: Backoff };
    readonly timeout: number | string;
    readonly sensitive?: "output";
  };
  /** Aborted when the attempt times out or its run ends. Not on Cloudflare. */
  readonly signal?: AbortSignal;
}

export type StepCallback = (ctx: AttemptContext) => unknown;

/** The longest delay that timers take; longer time-outs are left to the next activation. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The error of an attempt that took too long. */
export class TimedOut extends Error {
  override readonly name = "WorkflowTimeoutError";
}

/** What user code is told of an attempt. It may do with it what it likes: nothing is read back. */
export function contextOf(
  { name, count, config }: { readonly name: string; readonly count: number; readonly config: StepConfig },
  number: number,
): AttemptContext {
  return { step: { name, count }, attempt: number, config: shownConfig(config) };
}

/** What a callback is told of its configuration: its own copy, without a delay that is a function. */
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
 * (`Streamed`). Without one, nobody asks for what is returned.
 */
export async function attempt(
  run: Run,
  callback: StepCallback,
  ctx: AttemptContext,
  timeoutMs: number,
  call?: AttemptCall,
): Promise<unknown> {
  const abort = lazySignal(ctx);
  const result = callback(ctx);
  if (!isThenable(result) && !(result instanceof ReadableStream)) return result;
  return new Promise((resolve, reject) => {
    let outgoing: OutgoingStream | undefined;
    let isOver = false;
    const cutOff = (reason: Error): void => {
      isOver = true;
      outgoing?.stop(reason);
      abort(reason);
    };
    const cancel = (): void => {
      clearTimeout(timer);
      cutOff(new Error("The instance is no longer running here"));
    };
    const settled = (): void => {
      clearTimeout(timer);
      run.cleanups.delete(cancel);
    };
    const late = (): void => {
      run.cleanups.delete(cancel);
      const error = new TimedOut(`Execution timed out after ${timeoutMs}ms`);
      reject(error);
      cutOff(error);
    };
    const timer = setTimeout(late, Math.min(timeoutMs, MAX_TIMER_MS));
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
  });
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

/** Most callbacks never look at the signal, so it is made when they do. */
function lazySignal(ctx: AttemptContext): (reason: Error) => void {
  let controller: AbortController | undefined;
  let aborted: Error | undefined;
  Object.defineProperty(ctx, "signal", {
    enumerable: false,
    get: () => {
      controller ??= new AbortController();
      if (aborted !== undefined) controller.abort(aborted);
      return controller.signal;
    },
  });
  return (reason) => {
    aborted = reason;
    controller?.abort(reason);
  };
}
