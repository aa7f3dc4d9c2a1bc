/** The error of a store that cannot do what it is asked, and how clients see it. */
import { Failure } from "./failure.ts";
import { isStoreFault, type StoreFault } from "./store.ts";

/**
 * A store cannot do what it is asked; `fault` says why. Under `fenced` and `gone` it never will again. A promise that rejects
 * says nothing about whether the change was made: the answer may be what got lost.
 */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly fault: StoreFault;

  constructor(fault: StoreFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}

/** True for what says nothing of the request but that the store does not work: it may be repeated. */
export function isStoreTrouble(cause: unknown): cause is StoreError | Failure {
  return cause instanceof StoreError || (cause instanceof Failure && isStoreFault(cause.failure));
}

/** The failure of a store as it is reported to clients. An error other than a `StoreError` is `store.failed`. */
export function storeFailure(cause: unknown, retryAfterMs?: number): Failure {
  const fault = cause instanceof StoreError ? cause.fault : "failed";
  return new Failure(`store.${fault}`, { cause, ...(retryAfterMs !== undefined && { retryAfterMs }) });
}
