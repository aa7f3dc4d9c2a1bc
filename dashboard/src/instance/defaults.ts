/** A step's full configuration, with defaults marked. Pure. */
import type { StepConfig } from "./timeline.ts";

/** What a step has that names nothing, as Cloudflare documents it. */
const USUAL = { limit: 5, delay: 10_000, backoff: "exponential", timeout: "10 minutes" } as const;

/** One setting. */
export interface Setting {
  readonly name: string;
  readonly value: number | string;
  /** True when it is what steps have anyway. */
  readonly isUsual: boolean;
}

/** The settings of a step, in the order in which people think of them. */
export function settingsOf(config: StepConfig | undefined): readonly Setting[] {
  const { limit, delay, backoff = USUAL.backoff } = config?.retries ?? USUAL;
  const timeout = config?.timeout ?? USUAL.timeout;
  return [
    { name: "Retries", value: limit, isUsual: limit === USUAL.limit },
    { name: "Delay", value: delay, isUsual: delay === USUAL.delay },
    { name: "Back-off", value: backoff, isUsual: backoff === USUAL.backoff },
    { name: "Time-out", value: timeout, isUsual: timeout === USUAL.timeout },
  ];
}
