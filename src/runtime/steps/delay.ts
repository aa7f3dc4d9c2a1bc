/** The delay before a step's next attempt, which user code may compute. */
import { type DelayFunction, isDelay } from "../../model/step/config.ts";
import { LIMITS } from "../../model/limits.ts";
import { retryDelayMs } from "../../model/step/retry.ts";
import { displayName } from "../../model/step/step.ts";
import type { AttemptContext } from "./attempt-context.ts";
import { settleable } from "../run/settleable.ts";
import type { AttemptCall } from "../streams/output.ts";

/** A delay function that failed: the step fails with it. */
export class NonRetryableDelay extends Error {}

/** What stands in when the stored configuration has a delay function and the code has none any more, in milliseconds. */
const MISSING_FUNCTION_DELAY_MS = 1_000;

/** A call that may be tried again: of a step's callback, or of its rollback handler. */
export interface DelayedCall extends AttemptCall {
  readonly delay: DelayFunction | undefined;
  /** How many of its attempts were cut off: they do not count as retries. */
  readonly lost: number;
}

/** Milliseconds to wait after so many failures; back-off applies to what a function returns. Rejects with `NonRetryableDelay`. */
export async function delayBeforeRetry(call: DelayedCall, failures: number, ctx: AttemptContext, error: Error): Promise<number> {
  const { config, delay } = call;
  if (config.retries.delay !== "[dynamic]") return retryDelayMs(config, failures);
  if (delay === undefined) return retryDelayMs(config, failures, MISSING_FUNCTION_DELAY_MS);
  const base = await ask(call, delay, ctx, error);
  if (isDelay(base)) return retryDelayMs(config, failures, base);
  throw complain(call, 'returned an invalid delay value (expected a number of ms or a duration string like "30 seconds")');
}

function ask(call: DelayedCall, delay: DelayFunction, ctx: AttemptContext, error: Error): Promise<unknown> {
  const { promise, resolve, reject } = settleable<unknown>();
  const cancel = (): void => clearTimeout(timer);
  const settled = (): void => {
    cancel();
    call.run.cleanups.delete(cancel);
  };
  const timer = setTimeout(() => {
    settled();
    reject(complain(call, `did not return within ${LIMITS.delayFunctionMs / 1_000} seconds`));
  }, LIMITS.delayFunctionMs);
  call.run.cleanups.add(cancel);
  const threw = (thrown: unknown): void => {
    settled();
    reject(complain(call, `threw an error: ${thrown instanceof Error ? thrown.message : String(thrown)}`));
  };
  try {
    Promise.resolve(delay({ ctx, error })).then((value) => {
      settled();
      resolve(value);
    }, threw);
  } catch (thrown) {
    threw(thrown);
  }
  return promise;
}

function complain({ name, count }: DelayedCall, what: string): NonRetryableDelay {
  return new NonRetryableDelay(`The delay function for step "${displayName(name, count)}" ${what}`);
}
