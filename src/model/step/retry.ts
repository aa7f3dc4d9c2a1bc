/** How often a step is tried, and how long it waits in between. No jitter and no cap that matters, as on Cloudflare. */
import { durationMs } from "../time/duration.ts";
import type { Backoff, StepConfig } from "../instance/events.ts";

/** True when another attempt may follow the failure of this one (1-based). `limit` counts retries, so attempts are one more. */
export function mayRetry(config: StepConfig, failedAttempt: number): boolean {
  return failedAttempt <= config.retries.limit;
}

/** Thirty thousand years, which is as long as a moment after now can still be a date. */
export const LONGEST_MS: number = 1e15;

/**
 * Milliseconds between the failure of an attempt (1-based) and the next one. `base` replaces the configured delay, for
 * steps whose delay is a function.
 */
export function retryDelayMs(config: StepConfig, failedAttempt: number, base: number | string = config.retries.delay): number {
  const delay = Math.max(0, durationMs(base));
  // Growth has no end, and nothing times infinity is not a number.
  return delay === 0 ? 0 : Math.min(delay * growth(config.retries.backoff, failedAttempt), LONGEST_MS);
}

function growth(backoff: Backoff, failedAttempt: number): number {
  switch (backoff) {
    case "constant":
      return 1;
    case "linear":
      return failedAttempt;
    case "exponential":
      return 2 ** (failedAttempt - 1);
  }
}
