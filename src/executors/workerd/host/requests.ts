/** Requests to a script: taken apart for the way through the loader, and its answers put together. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import type { ReadableStream as NodeStream } from "node:stream/web";
import { Failure } from "../../../model/failures/failure.ts";
import { Upgraded } from "../../../protocol/upgraded.ts";
import { requestEvent, type Invocation, type InvocationOutcome } from "../../../protocol/invocation.ts";
import { headersOf, toResponse } from "../connection/response.ts";
import { HEADERS } from "../messages.ts";
import type { WorkerdProcess } from "../process/process.ts";

/** What fits into one packet or a few, in bytes. */
const SHORT_BYTES = 64 * 1024;

/** What a request is asked in. */
export interface Asking {
  readonly process: WorkerdProcess;
  /** The isolate. */
  readonly host: string;
  /** Aborted when the isolate has ended. */
  readonly gone: AbortSignal;
  /** Whether the invocation is reported. */
  readonly isFollowed: boolean;
  /** Called with the invocation when it is not to say how it ends: the client or the isolate has gone before. */
  readonly cut: (invocation: Invocation) => void;
  /** Called when the answer has been passed on whole, or will be no further. */
  readonly over: () => void;
}

/**
 * Rejects with `Failure`s named `script.exception` or `script.unavailable` (when `gone` is aborted, with its reason), and with
 * the signal's reason when the request is aborted.
 */
export async function ask({ process, host, gone, over, cut, isFollowed }: Asking, request: Request): Promise<Response> {
  gone.throwIfAborted();
  request.signal.throwIfAborted();
  const { origin, pathname, search, host: hostName } = new URL(request.url);
  const id = randomUUID();
  const startedAt = Date.now();
  const end = (outcome: InvocationOutcome): void => cut({ id, event: requestEvent(request), startedAt, outcome });
  const lost = (): void => end("unknown");
  gone.addEventListener("abort", lost, { once: true });
  const abort = (): void => {
    end("canceled");
    // What is not read would keep its connection.
    process.ask({ ask: "abort", host, request: id }, {}).then(
      (answer) => answer.resume(),
      () => undefined,
    );
  };
  request.signal.addEventListener("abort", abort, { once: true });
  try {
    const answer = await process.ask(
      { ask: "fetch", host, request: id, origin, ...(isFollowed && { follow: "1" }) },
      {
        path: pathname + search,
        method: request.method,
        headers: { ...sentHeaders(request.headers), host: hostName },
        ...(request.body !== null && { body: await sentBody(request, request.body) }),
        signal: AbortSignal.any([request.signal, gone]),
      },
    );
    if (answer.headers[HEADERS.end] === "answered") {
      if (answer.statusCode === 101) return upgraded(answer, gone, over);
      answer.once("close", over);
      return toResponse(answer, gone);
    }
    throw new Failure("script.exception", { detail: await textOf(answer) });
  } catch (cause) {
    gone.throwIfAborted();
    request.signal.throwIfAborted();
    if (cause instanceof Failure) throw cause;
    throw new Failure("script.unavailable", { cause });
  } finally {
    request.signal.removeEventListener("abort", abort);
    gone.removeEventListener("abort", lost);
  }
}

/** All of a message, as text. */
export async function textOf(message: IncomingMessage): Promise<string> {
  return (await message.toArray()).join("");
}

/**
 * A short body that is announced goes along with the headers. Otherwise a script that answers without reading it may have hung
 * up before it is sent, and the answer would be lost.
 */
async function sentBody(request: Request, body: ReadableStream): Promise<Readable | Uint8Array> {
  const bytes = Number(request.headers.get("content-length") ?? Infinity);
  return bytes <= SHORT_BYTES ? new Uint8Array(await request.arrayBuffer()) : Readable.fromWeb(body as NodeStream<Uint8Array>);
}

/** An upgrade is passed on as such; otherwise the connection to workerd is our own business. */
function sentHeaders(headers: Headers): Record<string, string> {
  const sent = [...headers].filter(([name]) => name !== "connection" && name !== "keep-alive");
  return { ...Object.fromEntries(sent), ...(headers.has("upgrade") && { connection: "Upgrade" }) };
}

function upgraded(answer: IncomingMessage, gone: AbortSignal, over: () => void): Response {
  const { socket } = answer;
  const end = (): void => void socket.destroy();
  gone.addEventListener("abort", end, { once: true });
  socket.once("close", () => {
    gone.removeEventListener("abort", end);
    over();
  });
  return new Upgraded(socket, headersOf(answer));
}
