/** The handlers of a script, watched: a request that is followed is an invocation, and what `fetch` throws is in the log with its stack. */
import { stackOf } from "../../../../model/values/thrown.ts";
import { requestEvent } from "../../../../protocol/invocation.ts";
import { invoke, OpenInvocation, type InvocationLog } from "../../../../runtime/handlers/invocation.ts";
import type { ExecutionContext } from "../../../../runtime/run/execution-context.ts";
import { takeRequestId } from "../../host/request-id.ts";

interface Handlers {
  fetch(...args: readonly unknown[]): unknown;
}

/** In which context a handler is called, and the id of the request where that is known. */
interface Called {
  readonly context: ExecutionContext;
  readonly id: string | undefined;
}

function calledIn(context: ExecutionContext): Called {
  return { context, id: takeRequestId(context) };
}

/** What a script exports as `default`, object or class. Requests are followed that have an id, and all of them while `isFollowed` says so. */
export function watched(exported: unknown, log: InvocationLog, isFollowed: () => boolean): unknown {
  const answered = async (request: unknown, { context, id }: Called, answer: () => unknown): Promise<unknown> => {
    if (id !== undefined || isFollowed())
      return invoke(log, new OpenInvocation(requestEvent(request as Request), { id }), context, answer);
    try {
      return await answer();
    } catch (thrown) {
      log.reportThrown(stackOf(thrown));
      throw thrown;
    }
  };
  if (typeof exported === "function" && hasFetch(exported.prototype)) {
    const Entrypoint = exported as new (context: ExecutionContext, ...args: unknown[]) => Handlers;
    const calls = new WeakMap<Handlers, Called>();
    return class extends Entrypoint {
      constructor(context: ExecutionContext, ...args: unknown[]) {
        const called = calledIn(context);
        super(context, ...args);
        calls.set(this, called);
      }

      override fetch(...args: readonly unknown[]): Promise<unknown> {
        return answered(args[0], calls.get(this) as Called, () => super.fetch(...args));
      }
    };
  }
  if (!hasFetch(exported)) return exported;
  const fetch = (...args: readonly unknown[]): Promise<unknown> =>
    answered(args[0], calledIn(args[2] as ExecutionContext), () => exported.fetch(...args));
  // Whatever else it has is still there.
  return Object.create(exported, { fetch: { value: fetch, enumerable: true } });
}

function hasFetch(value: unknown): value is Handlers {
  return typeof value === "object" && value !== null && typeof (value as Partial<Handlers>).fetch === "function";
}
