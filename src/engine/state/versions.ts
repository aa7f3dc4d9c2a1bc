/** What instances are pinned to: a workflow's version, with the script version that has its class. Kept once read. */
import { LIMITS } from "../../model/limits.ts";
import type { RunOptions } from "../../protocol/frames.ts";
import type { Catalog } from "../../ports/catalog/catalog.ts";
import type { ScriptVersion } from "../../ports/catalog/script-versions.ts";

/** A version that can be run. */
export interface RunnableVersion {
  readonly id: string;
  readonly className: string;
  readonly script: ScriptVersion;
  readonly options: RunOptions;
}

/** How many versions are kept in memory; the code of one may be megabytes. */
const KEPT = 64;

/**
 * The flag of workerd's list that an engine of workflows obeys: uncaught non-retryable errors keep their name and message, or
 * have them replaced. `since` is the compatibility date of the default. The others change nothing here: rollback
 * (`workflows_step_rollback`) is always there, and how bindings and engines are reached is Cloudflare's own affair.
 */
const NON_RETRYABLE_MESSAGE = {
  preserve: "workflows_preserve_non_retryable_error_message",
  replace: "workflows_replace_non_retryable_error_message",
  since: "2026-05-14",
} as const;

export class Versions {
  readonly #catalog: Catalog;
  readonly #defaultRetryDelayMs: number;
  readonly #known: Map<string, RunnableVersion> = new Map();

  constructor(catalog: Catalog, defaultRetryDelayMs: number) {
    this.#catalog = catalog;
    this.#defaultRetryDelayMs = defaultRetryDelayMs;
  }

  cached(id: string): RunnableVersion | undefined {
    return this.#known.get(id);
  }

  /** Undefined when the version or its script is no longer there. */
  async get(id: string): Promise<RunnableVersion | undefined> {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const version = await this.#catalog.workflowVersion(id);
    const script = version && (await this.#catalog.scriptVersion(version.scriptVersionId));
    if (version === undefined || script === undefined) return undefined;
    const options: RunOptions = {
      maxSteps: version.settings.limits?.steps ?? LIMITS.steps,
      preserveNonRetryable: preservesNonRetryable(script),
      defaultRetryDelayMs: this.#defaultRetryDelayMs,
    };
    const runnable = { id, className: version.className, script, options };
    if (this.#known.size >= KEPT) this.#known.delete(this.#known.keys().next().value ?? "");
    this.#known.set(id, runnable);
    return runnable;
  }
}

function preservesNonRetryable({ compatibilityFlags, compatibilityDate = "" }: ScriptVersion): boolean {
  const { preserve, replace, since } = NON_RETRYABLE_MESSAGE;
  if (compatibilityFlags.includes(preserve)) return true;
  return !compatibilityFlags.includes(replace) && compatibilityDate >= since;
}
