/**
 * What the runtime claims beyond the order of events: sizes, limits, delays. It shares its isolate with user code, so that
 * what it says is input. Each check costs a comparison or two on the way of a step that succeeds at once.
 */
import type { DoEvent, RuntimeEvent, StepConfig } from "../instance/events.ts";
import type { DoStep } from "../instance/state.ts";
import { LIMITS } from "../limits.ts";
import { failures } from "../instance/loss.ts";
import { isEventType, isStepName, isWaitName } from "../platform/names.ts";
import { LONGEST_MS, mayRetry, retryDelayMs } from "./retry.ts";
import { isAllowedConfig } from "./config.ts";
import { isTooLarge } from "../values/value.ts";

/** How far the clocks of engine and runtime may differ, in milliseconds: a longer sleep than said ends an hour late at most. */
const CLOCK_SLACK_MS = 3_600_000;

/** A sealed value is longer than what is in it: Base64 and some bytes. */
const SEALED_GROWTH = 2;

/** What is wrong with the beginning of a step; undefined when nothing is. `now` is epoch milliseconds. */
export function wrongStart(
  event: Extract<RuntimeEvent, { type: "step_started" | "sleep_started" | "wait_started" }>,
  now: number,
): string | undefined {
  if (!(event.count >= 1)) return `${event.type} with the count ${event.count}`;
  if (!isWaitName(event.name)) return `${event.type} with an invalid name`;
  switch (event.type) {
    case "step_started":
      if (!isStepName(event.name)) return "step_started with an invalid name";
      return wrongConfig(event.config);
    case "sleep_started": {
      const { durationMs, wakeAt } = event;
      const latest = now + Math.max(0, durationMs) + CLOCK_SLACK_MS;
      return durationMs <= LIMITS.waitMs && wakeAt >= 0 && wakeAt <= latest ? undefined : "sleep_started with an invalid end";
    }
    case "wait_started":
      if (!isEventType(event.eventType)) return "wait_started with an invalid event type";
      return event.timeoutMs >= 0 && event.timeoutMs <= LIMITS.waitMs ? undefined : "wait_started with an invalid timeout";
  }
}

/** What is wrong with the configuration of a step or handler. */
export function wrongConfig(config: StepConfig | undefined): string | undefined {
  return config === undefined || isAllowedConfig(config) ? undefined : "a configuration beyond the limits";
}

/** What is wrong with the failure of an attempt, of a step or of a handler. */
export function wrongFailure(
  step: DoStep,
  {
    attempt,
    retryDelayMs: delayMs,
    lost,
  }: Pick<Extract<DoEvent, { type: "attempt_errored" }>, "attempt" | "retryDelayMs" | "lost">,
): string | undefined {
  if (lost !== undefined) return "an attempt that was cut off; only the engine may report that";
  if (delayMs === undefined) return undefined;
  const failed = failures(step, attempt);
  if (!mayRetry(step.config, failed)) return "a retry beyond the retry limit of the step";
  return isDelayAllowed(step.config, failed, delayMs) ? undefined : "a retry with a delay that the step does not have";
}

/** Tests skip delays; and what a function computes is only known beside user code. */
function isDelayAllowed(config: StepConfig, failed: number, delayMs: number): boolean {
  if (config.retries.delay === "[dynamic]") return delayMs >= 0 && delayMs <= LONGEST_MS;
  return delayMs === 0 || delayMs === retryDelayMs(config, failed);
}

/** What is wrong with the output of a step or of the instance. Of a stream, the chunks are counted where they come in. */
export function wrongOutput(output: unknown, isSealed: boolean): string | undefined {
  if (typeof output !== "string") return undefined;
  const isOver = isSealed ? output.length > SEALED_GROWTH * LIMITS.valueText : isTooLarge(output);
  return isOver ? "an output that is too large" : undefined;
}
