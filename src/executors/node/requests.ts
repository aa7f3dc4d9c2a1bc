/** The host's end of `fetch`: serializes requests, assembles responses, and rejects pending requests when the thread is gone. */
import type { Transferable } from "node:worker_threads";
import { Failure } from "../../model/failures/failure.ts";
import type { RequestEnd, ResponseParts, ToThread } from "./messages.ts";

type Post = (message: ToThread, transfer: readonly Transferable[]) => void;

/** Requests that a thread is answering. Bodies stream both ways, in the thread's own time. */
export class Requests {
  readonly #post: Post;
  readonly #pending: Map<number, PromiseWithResolvers<RequestEnd>> = new Map();
  /** Aborted when the thread is gone: a transferred stream does not notice by itself that its other end has vanished. */
  readonly #gone: AbortController = new AbortController();
  #last = 0;

  constructor(post: Post) {
    this.#post = post;
  }

  /**
   * Rejects with `Failure`s named `script.no_fetch_handler`, `script.exception` or `script.unavailable`, and with the
   * signal's reason when the request is aborted.
   */
  async fetch(request: Request, over: () => void = () => {}): Promise<Response> {
    this.#gone.signal.throwIfAborted();
    request.signal.throwIfAborted();
    const id = (this.#last += 1);
    const { url, method, headers, body } = request;
    this.#post({ type: "fetch", id, request: { url, method, headers: [...headers], body } }, body === null ? [] : [body]);
    const pending = Promise.withResolvers<RequestEnd>();
    this.#pending.set(id, pending);
    const abort = (): void => {
      this.#post({ type: "abort", id }, []);
      pending.reject(request.signal.reason);
    };
    request.signal.addEventListener("abort", abort, { once: true });
    try {
      return this.#toResponse(await pending.promise, over);
    } finally {
      this.#pending.delete(id);
      request.signal.removeEventListener("abort", abort);
    }
  }

  /** The thread has said how a request ended. */
  settle(id: number, end: RequestEnd): void {
    const pending = this.#pending.get(id);
    if (pending !== undefined) pending.resolve(end);
    else if (end.kind === "answered") void end.response.body?.cancel();
  }

  /** The thread is gone: rejects pending answers, and fails the bodies of unfinished ones. */
  abandon(): void {
    const failure = new Failure("script.unavailable");
    this.#gone.abort(failure);
    for (const { reject } of this.#pending.values()) reject(failure);
  }

  #toResponse(end: RequestEnd, over: () => void): Response {
    switch (end.kind) {
      case "answered":
        return this.#assemble(end.response, over);
      case "no_handler":
        throw new Failure("script.no_fetch_handler");
      case "threw":
        throw new Failure("script.exception", { detail: end.message });
    }
  }

  #assemble({ status, statusText, headers, body }: ResponseParts, over: () => void): Response {
    const passing = new TransformStream<Uint8Array, Uint8Array>({ flush: over, cancel: over });
    const guarded = body?.pipeThrough(passing, { signal: this.#gone.signal }) ?? null;
    if (body === null) over();
    return new Response(guarded, { status, statusText, headers: headers as [string, string][] });
  }
}
