/**
 * Whether more instances may be created: how fast, for all workflows together and for each, and how many may be queued.
 * What is refused here has changed nothing and may be tried again.
 */
import { Failure } from "../../model/failures/failure.ts";
import { takeTokens, type Bucket, type Taken } from "../../model/platform/rate.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Store } from "../../ports/store.ts";
import type { CreationLimits } from "../state/settings.ts";

/** How long a queue that was found full is taken to be so by requests that have not been read, in milliseconds. */
const FULL_MS = 250;

export class Admission {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #limits: CreationLimits;
  #account: Bucket | undefined;
  readonly #byWorkflow: Map<string, Bucket> = new Map();
  /** Until when the queue counts as full without being looked at, by `elapsed`. */
  #fullUntil = -Infinity;
  /** Instances that are about to be queued, of which the store does not know yet. */
  #queueing = 0;

  constructor(store: Store, clock: Clock, limits: CreationLimits) {
    this.#store = store;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Fails when `admit` or `queue` would refuse even a single instance of this workflow, as far as is known in memory. */
  check(workflow: string): void {
    if (this.#clock.elapsed() < this.#fullUntil) throw this.#tooManyQueued();
    this.#rated(workflow, 1);
  }

  /** Lets so many instances be created (or restarted), or fails with `rate_limit.workflow_instance_creation`. */
  admit(workflow: string, instances: number): void {
    const { ofAccount, ofWorkflow } = this.#rated(workflow, instances);
    // Nothing is taken from one where the other refuses.
    if (ofAccount !== undefined) this.#account = ofAccount.bucket;
    if (ofWorkflow !== undefined) this.#byWorkflow.set(workflow, ofWorkflow.bucket);
  }

  /**
   * Lets so many instances be queued, or fails with `instance.too_many_queued`. Call the answer once the store knows of
   * them.
   */
  async queue(instances: number): Promise<() => void> {
    if (instances <= 0) return () => undefined;
    const before = this.#queueing;
    const { queued = 0 } = await this.#store.statusCounts();
    if (queued + Math.max(before, this.#queueing) + instances > this.#limits.maxQueued) {
      // A batch that is too large says nothing about a single instance.
      if (queued >= this.#limits.maxQueued) this.#fullUntil = this.#clock.elapsed() + FULL_MS;
      throw this.#tooManyQueued();
    }
    this.#queueing += instances;
    return () => {
      this.#queueing -= instances;
    };
  }

  #tooManyQueued(): Failure {
    return new Failure("instance.too_many_queued", { detail: `At most ${this.#limits.maxQueued} instances may be queued` });
  }

  #rated(
    workflow: string,
    instances: number,
  ): { readonly ofAccount?: Taken | undefined; readonly ofWorkflow?: Taken | undefined } {
    const { createRate, createRatePerWorkflow } = this.#limits;
    if (createRate === Infinity && createRatePerWorkflow === Infinity) return {};
    // Buckets know whole milliseconds.
    const now = Math.floor(this.#clock.elapsed());
    const ofAccount = take(this.#account, createRate, instances, now);
    const ofWorkflow = take(this.#byWorkflow.get(workflow), createRatePerWorkflow, instances, now);
    const waitMs = Math.max(ofAccount?.waitMs ?? 0, ofWorkflow?.waitMs ?? 0);
    if (waitMs > 0) throw tooFast(ofWorkflow?.waitMs === waitMs ? `${createRatePerWorkflow} of a workflow` : createRate, waitMs);
    return { ofAccount, ofWorkflow };
  }
}

function take(bucket: Bucket | undefined, perSecond: number, wanted: number, now: number): Taken | undefined {
  return perSecond === Infinity ? undefined : takeTokens(bucket, perSecond, wanted, now);
}

function tooFast(limit: number | string, retryAfterMs: number): Failure {
  const detail = `More than ${limit} instances are created per second`;
  return new Failure("rate_limit.workflow_instance_creation", { detail, retryAfterMs });
}
