/** Answers of Workers, whose bodies come from another process and may break off: sent here, so that only we report it. */
import type { ServerResponse } from "node:http";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";

/** An answer with a body that may break off. */
export class Streamed extends Response {
  /** Called with the reason when the body breaks off; not when the client hangs up. */
  readonly onBroken: (cause: unknown) => void;

  constructor(body: ReadableStream<Uint8Array> | null, init: ResponseInit, onBroken: (cause: unknown) => void) {
    super(body, init);
    this.onBroken = onBroken;
  }
}

/** Sends one. The connection is cut where the body breaks off, so that the client notices that it is not whole. */
export function sendStreamed({ status, headers, body, onBroken }: Streamed, outgoing: ServerResponse): Response {
  outgoing.setHeaders(headers);
  outgoing.writeHead(status);
  if (body === null) outgoing.end();
  else
    send(body, outgoing).catch((cause: unknown) => {
      if (!outgoing.destroyed) onBroken(cause);
      outgoing.destroy();
    });
  return RESPONSE_ALREADY_SENT;
}

async function send(body: ReadableStream<Uint8Array>, outgoing: ServerResponse): Promise<void> {
  const reader = body.getReader();
  outgoing.once("close", () => void reader.cancel().catch(() => undefined));
  outgoing.flushHeaders();
  for (let next = await reader.read(); !next.done && !outgoing.destroyed; next = await reader.read())
    if (!outgoing.write(next.value)) await drained(outgoing);
  if (!outgoing.destroyed) outgoing.end();
}

/** Resolves when there is room again, or never will be. */
function drained(outgoing: ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const go = (): void => {
    outgoing.off("drain", go).off("close", go);
    resolve();
  };
  outgoing.on("drain", go).on("close", go);
  return promise;
}
