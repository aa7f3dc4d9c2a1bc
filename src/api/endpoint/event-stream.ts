/**
 * Events on their way to a client: as the text of server-sent events, or as the frames of a WebSocket, which the server
 * makes of a response that says `upgrade: websocket` (`server/sockets/sockets.ts`). Nothing is read before the client takes it.
 */
import type { ReadableStreamDefaultController, UnderlyingSource } from "node:stream/web";
import type { Clock } from "../../ports/clock.ts";

/** Something to tell a subscriber. Only what has an id can be gone on after. */
export interface Message {
  readonly id?: number;
  /** JSON, on one line. */
  readonly data: string;
}

/** Milliseconds between signs of life on a stream that is silent: proxies cut connections on which nothing is said. */
const KEEP_ALIVE_MS = 15_000;

const COMMENT = new TextEncoder().encode(": keep-alive\n\n");

/** Milliseconds that an `EventSource` has to wait before it reconnects. */
const RETRY_MS = 2_000;

/** True when a client asks for a WebSocket. */
export function wantsSocket(headers: Headers): boolean {
  return headers.get("upgrade")?.toLowerCase() === "websocket";
}

/** True when a client asks for server-sent events. */
export function wantsStream(headers: Headers): boolean {
  return (headers.get("accept") ?? "").includes("text/event-stream");
}

/** Each message a line, which becomes a frame of text. */
export function socketResponse(batches: AsyncIterator<readonly Message[]>, stop: AbortController): Response {
  const body = toBody(batches, stop, (messages) => messages.map(({ data }) => data).join("\n"));
  return new Response(body, { headers: { upgrade: "websocket" } });
}

/** Server-sent events, with a comment now and then when there are none. */
export function streamResponse(batches: AsyncIterator<readonly Message[]>, stop: AbortController, clock: Clock): Response {
  let before = `retry: ${RETRY_MS}\n`;
  const body = toBody(
    batches,
    stop,
    (messages) => {
      const text = messages.map(({ id, data }) => `${id === undefined ? "" : `id: ${id}\n`}data: ${data}\n\n`).join("");
      const chunk = before + text;
      before = "";
      return chunk;
    },
    clock,
  );
  return new Response(body, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" },
  });
}

function toBody(
  batches: AsyncIterator<readonly Message[]>,
  stop: AbortController,
  chunkOf: (messages: readonly Message[]) => string,
  clock?: Clock,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let watch: KeepAlive | undefined;
  const source: UnderlyingSource<Uint8Array> = {
    pull: async (controller) => {
      if (clock !== undefined) watch ??= keepAlive(clock, stop.signal, controller);
      const next = await batches.next();
      watch?.spoke();
      if (next.done !== true) controller.enqueue(encoder.encode(chunkOf(next.value)));
      else {
        stop.abort();
        controller.close();
      }
    },
    cancel: () => stop.abort(),
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}

interface KeepAlive {
  spoke(): void;
}

/** Says something whenever nothing else has been said for a while, until `signal` aborts. */
function keepAlive(clock: Clock, signal: AbortSignal, controller: ReadableStreamDefaultController<Uint8Array>): KeepAlive {
  let silent = true;
  let cancel = (): void => {};
  const rest = (): void => {
    silent = true;
    cancel = clock.alarm(clock.now() + KEEP_ALIVE_MS, () => {
      // What a client does not take must not pile up.
      if (silent && controller.desiredSize === 0) controller.enqueue(COMMENT);
      rest();
    });
  };
  signal.addEventListener("abort", () => cancel(), { once: true });
  if (!signal.aborted) rest();
  return { spoke: () => (silent = false) };
}
