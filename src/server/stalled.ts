/**
 * Disconnects clients that keep a connection and do nothing with it: a body that stops half-way, an answer that is not read.
 * Silence while the server, or a Worker, works on a request that has arrived is not limited.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Ends connections on which no byte has moved for `stalledMs` although it is the client's turn. */
export function endStalled(server: Server, stalledMs: number): void {
  const exchanges = new WeakMap<Socket, Exchange>();
  server.on("request", (request, response) => exchanges.set(request.socket, { request, response }));
  // What becomes a WebSocket looks after itself: silence is usual there.
  server.prependListener("upgrade", (_, socket) => (socket as Socket).setTimeout(0));
  server.setTimeout(stalledMs, (socket) => {
    const exchange = exchanges.get(socket);
    if (exchange !== undefined && isServersTurn(exchange)) socket.setTimeout(stalledMs);
    else socket.destroy();
  });
}

function isServersTurn({ request, response }: Exchange): boolean {
  if (response.writableFinished || response.destroyed) return false;
  // A body that has arrived further than it has been read waits for its reader.
  if (!request.complete && request.readableLength === 0) return false;
  return response.writableLength === 0;
}
