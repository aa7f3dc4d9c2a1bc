/**
 * Bodies that a script may leave unread. workerd disconnects a client that still sends one when the answer is over, and the
 * answer is lost with the connection. So a long body goes to the script through a pipe, and the end of the answer waits until the
 * rest of the body is read and dropped.
 */
import { settleable } from "../../../../runtime/run/settleable.ts";

/** workerd itself reads so much of what is left, in bytes. */
const SHORT_BYTES = 64 * 1024;

const CHUNK_BYTES = 64 * 1024;

/** Bytes of unread bodies that are read and dropped. A client that sends more is disconnected. */
const DROPPED_BYTES = 256 * 1024 * 1024;

/** A client that has sent nothing for so many milliseconds has stopped, or is ready to read the answer. */
const IDLE_MS = 500;

/** What `ask` answers to a request that it may leave the body of unread. `init` is for what a copy of the request loses. */
export async function drainUnreadBody(
  request: Request,
  init: RequestInit,
  ask: (request: Request) => Promise<Response>,
): Promise<Response> {
  const { body, headers, method, signal, redirect, url } = request;
  const announced = headers.get("content-length");
  if (body === null || headers.has("upgrade") || (announced !== null && Number(announced) <= SHORT_BYTES)) return ask(request);
  // A length that was announced is announced to the script as well.
  const pipe = announced === null ? new IdentityTransformStream() : new FixedLengthStream(Number(announced));
  const rest = passOn(body, pipe.writable);
  let response: Response | undefined;
  try {
    response = await ask(new Request(url, { ...init, method, headers, signal, redirect, body: pipe.readable }));
  } finally {
    // What was thrown is an answer as well.
    if (response === undefined || response.body === null) await rest();
  }
  return response.body === null
    ? response
    : new Response(response.body.pipeThrough(new TransformStream({ flush: rest })), response);
}

/** Answers a function that drops what has not been passed on by then, and resolves when no more comes. */
function passOn(body: ReadableStream<Uint8Array>, writable: WritableStream<Uint8Array>): () => Promise<void> {
  const reader = body.getReader({ mode: "byob" });
  const writer = writable.getWriter();
  let wanted = true;
  let dropped = 0;
  const unwanted = (): void => void (wanted = false);
  const pump = async (): Promise<void> => {
    while (dropped <= DROPPED_BYTES) {
      const { done, value } = await reader.read(new Uint8Array(CHUNK_BYTES));
      if (done) break;
      if (wanted) await writer.write(value).catch(unwanted);
      else dropped += value.byteLength;
    }
    await writer.close();
  };
  const pumped = pump()
    // The sender has gone, or the script has closed its end: both know.
    .catch((cause: unknown) => void writer.abort(cause).catch(() => undefined))
    .then(() => true);
  return async () => {
    unwanted();
    void writer.abort(new Error("The answer has been sent")).catch(() => undefined);
    // Some senders stop as soon as an answer begins, and wait for the end of it: who waits for them would wait for ever.
    for (let before = -1; before !== dropped;) {
      before = dropped;
      if (await Promise.race([pumped, idle()])) return;
    }
  };
}

function idle(): Promise<false> {
  const { promise, resolve } = settleable<false>();
  setTimeout(() => resolve(false), IDLE_MS);
  return promise;
}
