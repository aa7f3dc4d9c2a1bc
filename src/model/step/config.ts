/** A step's configuration: what users may write, and what it comes to with defaults applied. */
import { durationMs, isDuration } from "../time/duration.ts";
import type { Backoff, StepConfig } from "../instance/events.ts";
import { LIMITS } from "../limits.ts";

const BACKOFFS: ReadonlySet<unknown> = new Set<Backoff>(["constant", "linear", "exponential"]);

/** A delay that user code computes for each failed attempt. */
export type DelayFunction = (input: { ctx: unknown; error: Error }) => unknown;

/** A configuration that has passed `parseStepConfig`. */
export interface ParsedConfig {
  readonly config: StepConfig;
  readonly delay: DelayFunction | undefined;
}

/** Retries and time-out when a step names none (Cloudflare's documentation: 5 retries from 10 s on, exponential, 10 minutes). */
export const DEFAULT_STEP_CONFIG: StepConfig = {
  retries: { limit: 5, delay: 10_000, backoff: "exponential" },
  timeout: "10 minutes",
};

/** As `DEFAULT_STEP_CONFIG` — the very same object, where nothing differs — with another delay before the first retry. */
export function defaultStepConfig(retryDelayMs: number): StepConfig {
  const { retries, timeout } = DEFAULT_STEP_CONFIG;
  return retries.delay === retryDelayMs ? DEFAULT_STEP_CONFIG : { retries: { ...retries, delay: retryDelayMs }, timeout };
}

/**
 * Checks a configuration and merges it over the defaults; `retries` is merged key by key. Undefined when it is not valid:
 * unknown keys, a missing `limit` or `delay`, values out of range, unreadable durations.
 */
export function parseStepConfig(input: unknown, defaults: StepConfig): ParsedConfig | undefined {
  if (input === undefined || input === null) return { config: defaults, delay: undefined };
  if (!isRecord(input) || !hasOnly(input, ["retries", "timeout", "sensitive"])) return undefined;
  const { retries, timeout, sensitive } = input;
  if (timeout !== undefined && !isTimeout(timeout)) return undefined;
  if (sensitive !== undefined && sensitive !== "output") return undefined;
  const delay = isRecord(retries) && typeof retries["delay"] === "function" ? (retries["delay"] as DelayFunction) : undefined;
  const merged = parseRetries(retries, defaults.retries);
  if (merged === undefined) return undefined;
  const config: StepConfig = {
    retries: merged,
    timeout: timeout ?? defaults.timeout,
    ...(sensitive !== undefined && { sensitive }),
  };
  return { config, delay };
}

/** True for a configuration with defaults applied that `parseStepConfig` may have answered. Its types are taken for granted. */
export function isAllowedConfig({ retries: { limit, delay, backoff }, timeout }: StepConfig): boolean {
  return (
    limit >= 0 &&
    limit <= LIMITS.retries &&
    BACKOFFS.has(backoff) &&
    (delay === "[dynamic]" || isDelay(delay)) &&
    isTimeout(timeout)
  );
}

function parseRetries(input: unknown, defaults: StepConfig["retries"]): StepConfig["retries"] | undefined {
  if (input === undefined) return defaults;
  if (!isRecord(input) || !hasOnly(input, ["limit", "delay", "backoff"])) return undefined;
  const { limit, delay, backoff } = input;
  if (typeof limit !== "number" || !(limit >= 0 && limit <= LIMITS.retries)) return undefined;
  if (backoff !== undefined && !BACKOFFS.has(backoff)) return undefined;
  const kept = typeof delay === "function" ? "[dynamic]" : delay;
  if (kept !== "[dynamic]" && !isDelay(kept)) return undefined;
  return { limit, delay: kept, backoff: (backoff as Backoff | undefined) ?? defaults.backoff };
}

/** A delay of zero is fine. */
export function isDelay(value: unknown): value is number | string {
  return isDuration(value) && durationMs(value) >= 0;
}

/** A time-out must leave some time; Cloudflare lets `"0 seconds"` pass, which then times out at once. */
function isTimeout(value: unknown): value is number | string {
  if (!isDuration(value)) return false;
  return durationMs(value) > 0 || (typeof value === "string" && Number.isNaN(Number(value)));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function hasOnly(object: Record<string, unknown>, keys: readonly string[]): boolean {
  return Object.keys(object).every((key) => keys.includes(key));
}
