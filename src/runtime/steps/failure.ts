/** What follows from a failed attempt of a step or of a rollback handler: what is recorded, and the delay before the next. */
import type { ErrorInfo } from "../../model/values/error-info.ts";
import { mayRetry } from "../../model/step/retry.ts";
import { errorInfo, fold, foldAttempt, frameOf, isNonRetryable, revive } from "../../model/values/thrown.ts";
import { contextOf, TimedOut } from "./attempt.ts";
import { delayBeforeRetry, NonRetryableDelay, type DelayedCall } from "./delay.ts";
import { UnusableStream } from "../streams/output.ts";

/** How an attempt failed. */
export interface Failed {
  readonly thrown: unknown;
  readonly info: ErrorInfo;
  /** True when trying again would change nothing. */
  readonly final: boolean;
  /** The function of the user's that threw, where it has a name. */
  readonly frame?: string | undefined;
}

/** What an attempt (1-based) has failed with. The log has the engine's own errors by name; user code sees it in the message. */
export function failureOf({ run, name, count }: DelayedCall, attempt: number, thrown: unknown): Failed {
  if (thrown instanceof UnusableStream) return { thrown, info: errorInfo(thrown.name, thrown.message), final: true };
  if (thrown instanceof TimedOut) return { thrown, info: { name: thrown.name, message: thrown.message }, final: false };
  run.attempt({ name, count, attempt }, (what) => run.reportThrown(what), thrown);
  return { thrown, info: foldAttempt(thrown), final: isNonRetryable(thrown), frame: frameOf(thrown) };
}

/** What to record of a failed attempt (1-based, cut-off ones included); `retryDelayMs` is absent when no retry follows. */
export async function verdict(
  call: DelayedCall,
  attempt: number,
  failure: Failed,
): Promise<{ error: ErrorInfo; retryDelayMs?: number }> {
  const failures = attempt - call.lost;
  if (failure.final || !mayRetry(call.config, failures)) return { error: failure.info };
  try {
    const retryDelayMs = await delayBeforeRetry(call, failures, contextOf(call, attempt), revive(fold(failure.thrown)));
    return { error: failure.info, retryDelayMs };
  } catch (cause) {
    if (!(cause instanceof NonRetryableDelay)) throw cause;
    return { error: errorInfo("NonRetryableDelayError", cause.message) };
  }
}
