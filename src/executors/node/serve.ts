/** The thread's end of `fetch`: finds the script's handler, calls it, and takes the response apart for the crossing. */
import { requestEvent } from "../../protocol/invocation.ts";
import type { ExecutionContext } from "../../runtime/run/execution-context.ts";
import { invoke, OpenInvocation, type InvocationLog } from "../../runtime/handlers/invocation.ts";
import type { ScriptExports } from "./load.ts";
import type { RequestEnd, RequestParts, ResponseParts } from "./messages.ts";

type Handler = (request: Request) => unknown;

/** Answers requests with the script's `default` export: an object with `fetch`, or a class with a `fetch` method. */
export class Server {
  readonly #handler: ((context: ExecutionContext) => Handler) | undefined;
  readonly #requestCf: Readonly<Record<string, unknown>>;
  readonly #context: () => ExecutionContext;
  readonly #log: InvocationLog;
  readonly #aborts: Map<number, AbortController> = new Map();

  constructor(
    exports: ScriptExports,
    { env, requestCf }: { readonly env: unknown; readonly requestCf: Readonly<Record<string, unknown>> },
    context: () => ExecutionContext,
    log: InvocationLog,
  ) {
    this.#handler = findHandler(exports["default"], env);
    this.#requestCf = requestCf;
    this.#context = context;
    this.#log = log;
  }

  /** Never rejects. Undefined when the request was aborted in the meantime: no answer is awaited. */
  async answer(id: number, parts: RequestParts): Promise<RequestEnd | undefined> {
    const handler = this.#handler;
    if (handler === undefined) return { kind: "no_handler" };
    const abort = new AbortController();
    this.#aborts.set(id, abort);
    try {
      const request = this.#withCf(toRequest(parts, abort.signal));
      const context = this.#context();
      const invocation = new OpenInvocation(requestEvent(request));
      abort.signal.addEventListener("abort", () => this.#log.report(invocation.end("canceled")));
      const response = await invoke(this.#log, invocation, context, async () => {
        const answer = await handler(context)(request);
        if (answer instanceof Response) return answer;
        throw new TypeError("The fetch handler did not return a Response");
      });
      if (!abort.signal.aborted) return { kind: "answered", response: toParts(response) };
      await response.body?.cancel();
      return undefined;
    } catch (thrown) {
      if (abort.signal.aborted) return undefined;
      return { kind: "threw", message: thrown instanceof Error ? thrown.message : String(thrown) };
    } finally {
      this.#aborts.delete(id);
    }
  }

  /** Node's requests have none. */
  #withCf(request: Request): Request {
    const clientAcceptEncoding = request.headers.get("accept-encoding") ?? "";
    return Object.assign(request, { cf: { ...this.#requestCf, clientAcceptEncoding } });
  }

  /** Tells the handler, through its request's signal. Once it has answered, cancelling the body says as much. */
  abort(id: number): void {
    this.#aborts.get(id)?.abort();
  }
}

function findHandler(exported: unknown, env: unknown): ((context: ExecutionContext) => Handler) | undefined {
  if (typeof exported === "function") {
    const Entrypoint = exported as new (context: ExecutionContext, env: unknown) => { fetch: Handler };
    if (!hasFetch(Entrypoint.prototype)) return undefined;
    return (context) => (request) => new Entrypoint(context, env).fetch(request);
  }
  if (!hasFetch(exported)) return undefined;
  return (context) => (request) => exported.fetch(request, env, context);
}

function hasFetch(value: unknown): value is { fetch(request: Request, env: unknown, context: ExecutionContext): unknown } {
  return typeof value === "object" && value !== null && typeof (value as { fetch?: unknown }).fetch === "function";
}

function toRequest({ url, method, headers, body }: RequestParts, signal: AbortSignal): Request {
  const init: RequestInit = { method, headers: headers as [string, string][], signal, redirect: "manual" };
  return new Request(url, body === null ? init : { ...init, body, duplex: "half" });
}

/** Throws for what a Worker may have and no server can send: `Response.error()`, say, or a status of an upstream's that there is not. */
function toParts({ status, statusText, headers, body }: Response): ResponseParts {
  try {
    const sent = new Response(body && new Uint8Array(), { status, statusText, headers });
    return { status, statusText, headers: [...sent.headers], body };
  } catch (cause) {
    void body?.cancel().catch(() => {});
    throw cause;
  }
}
