/** What a step's callback is given. */
import type { Backoff } from "../../model/instance/events.ts";
import type { StepName } from "../../model/step/step.ts";

export interface AttemptContext {
  readonly step: StepName;
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
