/** A WebSocket client that keeps the frames it gets, for tests to wait for. */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { WebSocket, type ClientOptions } from "ws";

/** What a frame holds. */
export interface Frame {
  readonly type: string;
  readonly eventId: number;
  readonly instanceId: string;
  readonly [field: string]: unknown;
}

export interface Client {
  readonly socket: WebSocket;
  readonly frames: readonly Frame[];
  /** Resolves once there are frames for which this holds. */
  until(holds: (frames: readonly Frame[]) => boolean): Promise<void>;
  /** Resolves with the code with which the server has closed. */
  readonly closed: Promise<number>;
}

/** Resolves when the socket is open. Rejects with a `Refused` when the server does not want it. */
export async function connect(url: string, options: ClientOptions = {}): Promise<Client> {
  const socket = new WebSocket(url.replace(/^http/, "ws"), options);
  const frames: Frame[] = [];
  const closed = new Promise<number>((resolve) => void socket.once("close", resolve));
  socket.on("message", (data: Buffer, isBinary) => {
    if (isBinary) throw new Error("A frame of bytes");
    frames.push(JSON.parse(data.toString()) as Frame);
  });
  const refused = Promise.withResolvers<never>();
  socket.once("unexpected-response", (_, response: IncomingMessage) => {
    void text(response).then((body) => refused.reject(new Refused(response.statusCode ?? 0, body)));
  });
  await Promise.race([once(socket, "open"), refused.promise]);
  const until = async (holds: (frames: readonly Frame[]) => boolean): Promise<void> => {
    while (!holds(frames)) await once(socket, "message");
  };
  return { socket, frames, until, closed };
}

/** An answer that is not a handshake. */
export class Refused extends Error {
  readonly status: number;
  readonly body: string;

  constructor(status: number, body: string) {
    super(`${status} ${body}`);
    this.status = status;
    this.body = body;
  }
}
