/** The handlers of a script, watched: what its `fetch` throws is in the log with its stack, which no answer carries. */
import { stackOf } from "../../../model/thrown.ts";

interface Handlers {
  fetch(...args: unknown[]): unknown;
}

/** What a script exports as `default`, object or class. `threw` takes the stack. */
export function watched(exported: unknown, threw: (stack: string) => void): unknown {
  const told = async (answer: () => unknown): Promise<unknown> => {
    try {
      return await answer();
    } catch (thrown) {
      threw(stackOf(thrown));
      throw thrown;
    }
  };
  if (typeof exported === "function" && hasFetch(exported.prototype)) {
    const Entrypoint = exported as new (...args: unknown[]) => Handlers;
    return class extends Entrypoint {
      override fetch(...args: unknown[]): Promise<unknown> {
        return told(() => super.fetch(...args));
      }
    };
  }
  if (!hasFetch(exported)) return exported;
  const fetch = (...args: unknown[]): Promise<unknown> => told(() => exported.fetch(...args));
  // Whatever else it has is still there.
  return Object.create(exported, { fetch: { value: fetch, enumerable: true } });
}

function hasFetch(value: unknown): value is Handlers {
  return typeof value === "object" && value !== null && typeof (value as Partial<Handlers>).fetch === "function";
}
