/** Contexts for tests that call handlers themselves, and what has been left to their `waitUntil`. */
import type { ExecutionContext } from "../runtime/run/execution-context.ts";

const left = new WeakMap<object, Promise<unknown>[]>();

/** A context for a handler. */
export function createExecutionContext(): ExecutionContext {
  const promises: Promise<unknown>[] = [];
  const context: ExecutionContext = {
    waitUntil: (promise) => {
      const settled = Promise.resolve(promise);
      // A failure is reported by `waitOnExecutionContext`; without that call it is no unhandled rejection.
      settled.catch(() => undefined);
      promises.push(settled);
    },
    passThroughOnException: () => {},
    props: {},
    exports: {},
  };
  left.set(context, promises);
  return context;
}

/** Resolves when all that was left to `waitUntil` has ended; rejects when some of it failed. */
export async function waitOnExecutionContext(context: object): Promise<void> {
  const promises = left.get(context);
  if (promises === undefined)
    throw new TypeError("waitOnExecutionContext() requires a context created with createExecutionContext()");
  // What is waited for may leave more.
  for (const promise of promises) await promise;
}
