/**
 * Whether the store takes what it is given: it does, commits fail for now, or they never will work again. Journal, scheduler and
 * verbs look here, so that there is one back-off for all of them, and one answer.
 */
import type { Failure } from "../../model/failures/failure.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { StoreError, storeFailure } from "../../model/failures/store-error.ts";
import { Outage } from "../../upkeep/outage.ts";

/**
 * The delay before commits are tried again, after the first failure and at the most, in milliseconds. In
 * what is left of the delay when the store works again, nothing goes on.
 */
const LEAST_MS = 100;
const MOST_MS = 1_000;

/** What the layer above does about it. */
export interface HealthListener {
  /** Commits work again. */
  recovered(): void;
}

export class StoreHealth {
  readonly #log: Log;
  #listener: HealthListener | undefined;
  readonly #outage: Outage;
  readonly #ended: PromiseWithResolvers<Failure> = Promise.withResolvers();
  #failure: Failure | undefined;
  #isOver = false;

  constructor({ clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#log = log;
    this.#outage = new Outage({
      clock,
      log,
      fails: "Commits fail: requests are rejected and instances wait",
      works: "Commits succeed again",
      leastMs: LEAST_MS,
      mostMs: MOST_MS,
    });
  }

  /** Names the layer above. Once. */
  listen(listener: HealthListener): void {
    this.#listener = listener;
  }

  /** Why nothing can be stored now; undefined when commits work as far as is known. */
  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** True when nothing will be stored any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Resolves with the reason when another process owns the store, or it is gone: nothing will be stored any more. */
  get ended(): Promise<Failure> {
    return this.#ended.promise;
  }

  /** A commit has failed. Answers how long to wait until it is tried again, in milliseconds; `Infinity` when it is not. */
  failed(cause: unknown): number {
    if (this.#isOver) return Infinity;
    if (cause instanceof StoreError && (cause.fault === "fenced" || cause.fault === "gone")) {
      this.#isOver = true;
      this.#failure = storeFailure(cause);
      this.#log.error("The engine stops: the store is no longer available", {
        failure: this.#failure.failure,
        reason: String(cause),
      });
      this.#ended.resolve(this.#failure);
      return Infinity;
    }
    const retryMs = this.#outage.failed(cause);
    this.#failure = storeFailure(cause, retryMs);
    return retryMs;
  }

  /** A commit has worked. */
  worked(): void {
    if (this.#isOver) return;
    this.#outage.over();
    if (this.#failure === undefined) return;
    this.#failure = undefined;
    this.#listener?.recovered();
  }
}
