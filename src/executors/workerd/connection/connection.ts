/**
 * Requests to a process of workerd, over connections that are kept. workerd closes one that has been idle for 15 seconds; a
 * request that is sent at that moment is lost without having been read. So idle connections are closed on this side, and
 * sooner. As timers of a busy process are late, a request that was lost all the same is sent again over a new connection.
 */
import { Agent, type IncomingMessage, type OutgoingHttpHeaders, type RequestOptions } from "node:http";
import { Readable } from "node:stream";
import { plainRequest } from "./plain-http.ts";

/** How long a connection may be idle, in milliseconds. */
const IDLE_MS = 4_000;

/** What the system says of a connection that the other side has closed. */
const CLOSED: ReadonlySet<unknown> = new Set(["ECONNRESET", "EPIPE"]);

/** Where a process listens. */
export type Address = { readonly host: string; readonly port: number } | { readonly socketPath: string };

/** A request. Of a status 101 the answer's socket is what goes on. */
export interface Sending {
  readonly path: string;
  readonly method: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: Readable | Uint8Array | string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The longest that nothing may come or go, in milliseconds. Default: no limit. */
  readonly stallMs?: number;
}

export class Connection {
  readonly #address: Address;
  readonly #agent: Agent;

  constructor(address: Address, idleMs: number = IDLE_MS) {
    this.#address = address;
    // The agent ends only sockets that are idle by then. A request in progress gets an event, which has no listener.
    this.#agent = new Agent({ keepAlive: true, timeout: idleMs });
  }

  /** Rejects with the system's error, and with an `AbortError`. */
  send(sending: Sending): Promise<IncomingMessage> {
    // What can be read only once cannot be sent again, so it never meets a connection that may have been closed.
    return this.#send(sending, sending.body instanceof Readable ? false : this.#agent);
  }

  /** Ends all connections, used or not. */
  close(): void {
    this.#agent.destroy();
  }

  #send(sending: Sending, agent: Agent | false): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const { path, method, headers, body, signal, stallMs } = sending;
    const options: RequestOptions = { ...this.#address, agent, path, method, headers, ...(signal && { signal }) };
    const sent = plainRequest(stallMs === undefined ? options : { ...options, timeout: stallMs });
    let isAnswered = false;
    const answered = (answer: IncomingMessage): void => {
      isAnswered = true;
      resolve(answer);
    };
    sent.on("response", answered);
    sent.on("upgrade", (answer, socket, head) => {
      socket.unshift(head);
      answered(answer);
    });
    if (stallMs !== undefined) sent.on("timeout", () => sent.destroy(new Error(`No answer in ${stallMs} ms`)));
    sent.on("error", (cause: NodeJS.ErrnoException) => {
      const wasNeverRead = !isAnswered && sent.reusedSocket && CLOSED.has(cause.code);
      if (wasNeverRead) resolve(this.#send(sending, false));
      else reject(cause);
    });
    if (body instanceof Readable) {
      // The answer may come before the first of the body does.
      sent.flushHeaders();
      body.on("error", (cause) => sent.destroy(cause)).pipe(sent);
    } else sent.end(body);
    return promise;
  }
}
