/** A rate limit as user code knows it (`env.MY_LIMIT`): Cloudflare's `RateLimit`. The server counts. Errors read as in workerd. */
import { LIMITS } from "../../model/limits.ts";
import type { Call } from "../../runtime/bindings/calls.ts";

/** What is counted, and optionally how much it counts and other bounds than those of the binding. */
export interface RateLimitOptions {
  readonly key?: string;
  readonly delta?: number;
  readonly limit?: number;
  readonly period?: number;
}

export interface RateLimit {
  limit(options: RateLimitOptions): Promise<{ readonly success: boolean }>;
}

const OPTIONS: ReadonlySet<string> = new Set(["key", "limit", "period", "delta"]);
const MOST = 2 ** 32 - 1;

/** A binding that asks `call`. */
export function rateLimitBinding(call: Call): RateLimit {
  return {
    limit: async (options) => ({ success: (await call("limit", [checked(options)])) === true }),
  };
}

function checked(options: unknown): RateLimitOptions {
  if (typeof options !== "object" || options === null) throw new Error("invalid rate limit options");
  const unknown = Object.keys(options).filter((name) => !OPTIONS.has(name));
  if (unknown.length > 0) throw new Error(`bad rate limit options: [${unknown.join(",")}]`);
  const { key = "", limit, period, delta = 1 } = options as RateLimitOptions;
  if (typeof key !== "string") throw new Error(`invalid key: ${String(key)}`);
  if (key.length > LIMITS.rateLimitKey) throw new Error(`invalid key: it has more than ${LIMITS.rateLimitKey} characters`);
  if (!["number", "undefined"].includes(typeof limit)) throw new Error(`limit must be a number: ${String(limit)}`);
  if (!["number", "undefined"].includes(typeof period)) throw new Error(`period must be a number: ${String(period)}`);
  if (period !== undefined && period !== 10 && period !== 60) throw new Error(`unsupported period: ${period}`);
  return { key, delta: toDelta(delta), ...(limit !== undefined && { limit }), ...(period !== undefined && { period }) };
}

/** As V8 converts to an unsigned integer of 32 bits. */
function toDelta(delta: unknown): number {
  const value = Number(delta);
  if (!Number.isFinite(value)) throw new TypeError("The value cannot be converted because it is not an integer.");
  if (value < 0)
    throw new TypeError("The value cannot be converted because it is negative and this API expects a positive number.");
  if (value > MOST) throw new TypeError(`Value out of range. Must be less than or equal to ${MOST}.`);
  const whole = Math.trunc(value);
  if (whole === 0) throw new RangeError("delta must be non-zero");
  return whole;
}
