/** The Worker that is being tested, as tests call it: `SELF`, and `exports` of `cloudflare:workers`. */
import type { ExecutionContext } from "../runtime/run/execution-context.ts";
import { createExecutionContext } from "./context.ts";

/** Imports the main module. */
export type LoadMain = () => Promise<Readonly<Record<string, unknown>>>;

/** What the default export of a Worker is called with. */
export interface Fetcher {
  fetch(input: Request | string | URL, init?: RequestInit): Promise<Response>;
}

type FetchHandler = (request: Request, env: unknown, context: ExecutionContext) => Response | Promise<Response>;

class Exported {
  #load: LoadMain | undefined;
  #env: Readonly<Record<string, unknown>> = {};

  open(load: LoadMain, env: Readonly<Record<string, unknown>>): void {
    this.#load = load;
    this.#env = env;
  }

  async fetch(request: Request): Promise<Response> {
    if (this.#load === undefined) throw new Error("No project is loaded: add the plugin of stepwell/vitest to the configuration");
    const { default: handlers } = await this.#load();
    const context = createExecutionContext();
    if (typeof handlers === "function") {
      const Entrypoint = handlers as new (
        context: ExecutionContext,
        env: unknown,
      ) => { fetch(request: Request): Promise<Response> };
      return new Entrypoint(context, this.#env).fetch(request);
    }
    const { fetch: handler } = (handlers ?? {}) as { fetch?: FetchHandler };
    if (handler === undefined) throw new TypeError("The main module's default export has no fetch handler");
    return handler.call(handlers, request, this.#env, context);
  }
}

export const exported: Exported = new Exported();

/** Calls the `fetch` handler. */
export const SELF: Fetcher = { fetch: async (input, init) => exported.fetch(new Request(input, init)) };
