/** Requests to a script: taken apart for the way through the loader, and its answers put together. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import type { ReadableStream as NodeStream } from "node:stream/web";
import { Failure } from "../../../model/failures/failure.ts";
import { Upgraded } from "../../../protocol/upgraded.ts";
import { requestEvent, type Invocation, type InvocationOutcome } from "../../../protocol/invocation.ts";
import { HEADERS } from "../messages.ts";
import type { WorkerdProcess } from "../process/process.ts";

/** Headers of answers that are about one connection. */
const HOP_BY_HOP = new Set(["connection", "keep-alive", "transfer-encoding", "upgrade", HEADERS.end]);

const UPGRADE: [string, string] = ["connection", "Upgrade"];

/** Statuses that have no body. */
const EMPTY = new Set([204, 205, 304]);

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
        headers: [...sentHeaders(request.headers), ["host", hostName]],
        ...(request.body !== null && { body: await sentBody(request, request.body) }),
        signal: AbortSignal.any([request.signal, gone]),
      },
    );
    if (answer.headers[HEADERS.end] === "answered") return toResponse(answer, gone, over);
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
function sentHeaders(headers: Headers): [string, string][] {
  const sent = [...headers].filter(([name]) => name !== "connection" && name !== "keep-alive");
  return headers.has("upgrade") ? [...sent, UPGRADE] : sent;
}

function toResponse(answer: IncomingMessage, gone: AbortSignal, over: () => void): Response {
  const headers = new Headers();
  for (let at = 0; at + 1 < answer.rawHeaders.length; at += 2) {
    const name = answer.rawHeaders[at] ?? "";
    if (!HOP_BY_HOP.has(name.toLowerCase())) headers.append(name, answer.rawHeaders[at + 1] ?? "");
  }
  const { statusCode: status = 500, statusMessage: statusText = "" } = answer;
  if (status === 101) return upgraded(answer, headers, gone, over);
  answer.once("close", over);
  if (EMPTY.has(status)) {
    answer.resume();
    return new Response(null, { status, statusText, headers });
  }
  const body = Readable.toWeb(answer) as ReadableStream<Uint8Array>;
  const guarded = body.pipeThrough(new TransformStream<Uint8Array, Uint8Array>(), { signal: gone });
  return new Response(guarded, { status, statusText, headers });
}

function upgraded({ socket }: IncomingMessage, headers: Headers, gone: AbortSignal, over: () => void): Response {
  const end = (): void => void socket.destroy();
  gone.addEventListener("abort", end, { once: true });
  socket.once("close", () => {
    gone.removeEventListener("abort", end);
    over();
  });
  return new Upgraded(socket, headers);
}
