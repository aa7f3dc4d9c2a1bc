/** What the person who runs the engine may set. */
import { LIMITS } from "../../model/limits.ts";

/** Limits to what may be created. */
export interface CreationLimits {
  /** Instances that may be queued at once, of all workflows. Default 2,000,000, as on Cloudflare. */
  readonly maxQueued: number;
  /** Instances that may be created in a second, of all workflows. No limit by default; Cloudflare: 300. */
  readonly createRate: number;
  /** The same for each workflow. No limit by default; Cloudflare: 100. */
  readonly createRatePerWorkflow: number;
}

export interface EngineLimits extends CreationLimits {
  /** How many instances may be running (not waiting) at once; further ones stay queued. Default 10,000. */
  readonly maxRunning: number;
}

export interface EngineSettings extends EngineLimits {
  /** How long an instance that only waits stays in memory, in milliseconds. Default 60,000. */
  readonly parkAfterMs: number;
  /** How many instances that only wait may be in memory; the longest idle leave first. Default 2,000. */
  readonly maxIdle: number;
  /** The delay before a step's first retry when it names none, in milliseconds. Default 10,000, as in production. */
  readonly defaultRetryDelayMs: number;
}

export const DEFAULT_SETTINGS: EngineSettings = {
  maxRunning: 10_000,
  maxQueued: LIMITS.queued,
  createRate: Infinity,
  createRatePerWorkflow: Infinity,
  parkAfterMs: 60_000,
  maxIdle: 2_000,
  defaultRetryDelayMs: 10_000,
};
