/**
 * Requests that Workers make to the network, made by the test's own process: what is mocked there is mocked for them. workerd
 * speaks to this as to a proxy, over a socket in a folder that only its owner may enter.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { ReadableStream as NodeStream } from "node:stream/web";

/** Headers about one connection, and those that Node's `fetch` makes untrue by decoding bodies. */
const NOT_SENT = new Set(["connection", "host", "keep-alive", "transfer-encoding", "upgrade"]);
const NOT_ANSWERED = new Set(["connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding"]);

/** Statuses that have no body. */
const EMPTY = new Set([204, 205, 304]);

export interface Outbound {
  close(): Promise<void>;
}

/** Listens at the path `socket`. */
export async function openOutbound(socket: string): Promise<Outbound> {
  // A proxy gets the host in the URL.
  const server = createServer({ requireHostHeader: false }, (asked, answer) => {
    // workerd tells its code that the connection was lost.
    pass(asked, answer).catch(() => answer.destroy());
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject).listen(socket, resolve);
  await promise;
  return {
    close: async () => {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      await closed.promise;
    },
  };
}

async function pass(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
  const { method = "GET", url = "", rawHeaders } = asked;
  const headers = new Headers();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? "";
    if (!NOT_SENT.has(name.toLowerCase())) headers.append(name, rawHeaders[at + 1] ?? "");
  }
  const gone = new AbortController();
  answer.once("close", () => gone.abort());
  const { "content-length": length, "transfer-encoding": encoding } = asked.headers;
  const body = length === undefined && encoding === undefined ? undefined : (Readable.toWeb(asked) as ReadableStream<Uint8Array>);
  const sent = { method, headers, signal: gone.signal, redirect: "manual" } as const;
  // Looked up at each request: that is what tests replace.
  const response = await globalThis.fetch(new Request(url, body === undefined ? sent : { ...sent, body, duplex: "half" }));
  answer.statusCode = response.status;
  answer.statusMessage = response.statusText;
  const cookies = response.headers.getSetCookie();
  for (const [name, value] of response.headers)
    if (!NOT_ANSWERED.has(name) && name !== "set-cookie") answer.setHeader(name, value);
  if (cookies.length > 0) answer.setHeader("set-cookie", cookies);
  if (response.body === null || EMPTY.has(response.status)) return void answer.end();
  Readable.fromWeb(response.body as NodeStream<Uint8Array>)
    .once("error", () => answer.destroy())
    .pipe(answer);
}
