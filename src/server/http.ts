/** The listener: requests in, responses out, and an end that waits for neither for ever. */
import { createAdaptorServer } from "@hono/node-server";
import { once } from "node:events";
import { createServer as createSecureServer } from "node:https";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { LIMITS } from "../model/limits.ts";
import type { Clock } from "../ports/clock.ts";
import { systemClock } from "../system/clock.ts";
import type { Answer } from "./app.ts";
import { addressOf } from "./address.ts";
import { isSocketRequest, Sockets } from "./sockets/sockets.ts";
import { endStalled } from "./stalled.ts";
import { sendStreamed, Streamed } from "./workers/streamed.ts";

export interface Listener {
  /** Like `http://127.0.0.1:8787`. */
  readonly url: string;
  readonly port: number;
  /** WebSockets that are open. */
  readonly sockets: number;
  /** Takes no new requests; resolves when those under way are answered, or cut off after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** A key and its certificate, in PEM. */
export interface Tls {
  readonly key: string;
  readonly cert: string;
}

/** How long a listener waits for clients, in milliseconds. */
export interface Patience {
  readonly headersMs: number;
  readonly stalledMs: number;
  readonly requestMs: number;
}

export interface ListenOptions {
  readonly tls?: Tls | undefined;
  /** True when there is code of others in this process; otherwise the global `Request` and `Response` become lighter ones. */
  readonly sharesProcess?: boolean | undefined;
}

/** Milliseconds between two looks at requests that are on their way. */
const LOOK_MS = 5_000;

/**
 * Milliseconds that a connection without a request stays open. Longer than proxies and load balancers keep theirs: one that
 * closes first never sends a request over a connection that is being closed.
 */
const IDLE_MS = 75_000;

/** Milliseconds of silence after which the system asks whether the other end is still there. */
const PROBE_MS = 60_000;

/** Listens. Rejects with the system's error (`EADDRINUSE`, `EACCES`, …) when it cannot. */
export async function listen(
  answer: Answer,
  host: string,
  port: number,
  clock: Clock = systemClock,
  { headersMs, stalledMs, requestMs }: Patience = LIMITS,
  { tls, sharesProcess = false }: ListenOptions = {},
): Promise<Listener> {
  const server = createAdaptorServer({
    fetch: async (request, { incoming, outgoing }) => {
      const response = await answer(request, addressOf(incoming as IncomingMessage));
      return response instanceof Streamed ? sendStreamed(response, outgoing as ServerResponse) : response;
    },
    overrideGlobalObjects: !sharesProcess,
    ...(tls && { createServer: createSecureServer }),
    serverOptions: {
      ...tls,
      shouldUpgradeCallback: isSocketRequest,
      headersTimeout: headersMs,
      // Until it has arrived: answers may go on for as long as an instance lives.
      requestTimeout: requestMs,
      connectionsCheckingInterval: Math.min(LOOK_MS, headersMs),
      keepAliveTimeout: IDLE_MS,
      keepAlive: true,
      keepAliveInitialDelay: PROBE_MS,
    },
  }) as Server;
  endStalled(server, stalledMs);
  // The adaptor lets what is left of a body come for a moment, and then hangs up; it takes it that these have none.
  server.prependListener("request", ({ method, headers }, response) => {
    const hasBody = headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
    if (hasBody && (method === "GET" || method === "HEAD")) response.shouldKeepAlive = false;
  });
  const sockets = new Sockets(answer, clock);
  server.on("upgrade", (request, connection, head) => void sockets.upgrade(request, connection as Socket, head));
  await once(server.listen(port, host), "listening");
  const address = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? "http" : "https"}://${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`,
    port: address.port,
    get sockets() {
      return sockets.size;
    },
    close: (graceMs) => close(server, sockets, graceMs),
  };
}

function close(server: Server, sockets: Sockets, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => {
      server.closeAllConnections();
      sockets.terminate();
    }, graceMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
    sockets.close();
  });
}
