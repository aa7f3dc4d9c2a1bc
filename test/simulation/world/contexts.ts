/**
 * Request contexts, as workerd has them: the code of each run is in one, the frames of a host arrive in another. A promise keeps
 * the context that it is made in, no matter where it is settled, unless the constructor made it: there a hot function leaves that out, and
 * what waits for such a promise goes on in the context that settles it (decision 0150). Here each one leaves it out.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { ExecutionContext } from "../../../src/runtime/run/execution-context.ts";
import type { Place } from "../../../src/runtime/run/place.ts";

/** A request context. */
class Context {
  /** Code that belongs here has gone on elsewhere. */
  isAstray = false;
}

const current = new AsyncLocalStorage<Context>();

const execution: ExecutionContext = { waitUntil: () => {}, passThroughOnException: () => {}, props: {}, exports: {} };

/** The contexts of one host. */
export class Contexts {
  readonly #socket: Context = new Context();

  /** Does what a message of the host asks for. */
  inSocket(work: () => void): void {
    current.run(this.#socket, work);
  }

  /** A context for a run. */
  open(): Place {
    const context = new Context();
    const nothing = (): void => {};
    return {
      enter: (work) => current.run(context, work, execution),
      isHere: () => !context.isAstray,
      rest: (over) => over(),
      stay: nothing,
      leave: nothing,
      cut: nothing,
    };
  }

  /** Calls a handler in a context of its own. */
  handle<T>(work: (context: ExecutionContext) => T): T {
    return current.run(new Context(), work, { ...execution });
  }
}

/** A callback that is called later in the context that it is given in. */
export function inContext(fire: () => void): () => void {
  const context = current.getStore();
  return context === undefined ? fire : () => current.run(context, fire);
}

/** The constructor of promises, as it is in a hot function of an isolate. */
export const hotPromise: PromiseConstructor = new Proxy(Promise, {
  // What makes promises by itself keeps their context.
  get: (target, name) => {
    const value: unknown = Reflect.get(target, name);
    return typeof value === "function" && name !== Symbol.species ? (value.bind(target) as unknown) : value;
  },
  construct: (target, [executor]: [ConstructorParameters<PromiseConstructor>[0]]) => {
    const home = current.getStore();
    return home === undefined ? new target(executor) : untagged(target, executor, home);
  },
});

/** A wait for this goes astray when it is settled in another context than `home`. */
function untagged(
  constructor: PromiseConstructor,
  executor: ConstructorParameters<PromiseConstructor>[0],
  home: Context,
): Promise<unknown> {
  let isSettled = false;
  let settledIn: Context | undefined;
  const settling =
    <T>(settle: (value: T) => void): ((value: T) => void) =>
    (value) => {
      if (!isSettled) settledIn = current.getStore();
      isSettled = true;
      settle(value);
    };
  const promise = new constructor((resolve, reject) => executor(settling(resolve), settling(reject)));
  const reacting = <T, R>(react: ((value: T) => R) | null | undefined): ((value: T) => R) | null | undefined =>
    react &&
    ((value) => {
      if (settledIn !== home) home.isAstray = true;
      return react(value);
    });
  // `await` looks at neither unless the constructor is another one.
  void Object.defineProperty(promise, "constructor", { value: hotPromise });
  // oxlint-disable-next-line unicorn/no-thenable -- it is a promise
  void Object.defineProperty(promise, "then", {
    value: (done?: ((value: unknown) => unknown) | null, failed?: ((cause: unknown) => unknown) | null) =>
      constructor.prototype.then.call(promise, reacting(done), reacting(failed)),
  });
  return promise;
}
