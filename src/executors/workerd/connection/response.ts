/** What a process of workerd answers, as a `Response`. */
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { HEADERS } from "../messages.ts";

/** Headers of answers that are about one connection. */
const HOP_BY_HOP = new Set(["connection", "keep-alive", "transfer-encoding", "upgrade", HEADERS.end]);

/** Statuses that have no body. */
const EMPTY = new Set([204, 205, 304]);

/** The headers that are meant for the client. */
export function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? "";
    if (!HOP_BY_HOP.has(name.toLowerCase())) headers.append(name, rawHeaders[at + 1] ?? "");
  }
  return headers;
}

/** The response. Its body breaks off when `gone` aborts. */
export function toResponse(answer: IncomingMessage, gone?: AbortSignal): Response {
  const { statusCode: status = 500, statusMessage: statusText = "" } = answer;
  const init = { status, statusText, headers: headersOf(answer) };
  if (EMPTY.has(status)) {
    answer.resume();
    return new Response(null, init);
  }
  const body = Readable.toWeb(answer) as ReadableStream<Uint8Array>;
  return new Response(gone === undefined ? body : body.pipeThrough(new TransformStream(), { signal: gone }), init);
}
