/**
 * WebSockets. Those of Workers are passed on as they are; the rest are our own: a request to upgrade is answered by the same
 * app as any other, with the same checks; only when the answer says `upgrade: websocket` there is a handshake, and each line of
 * the answer's body becomes a frame of text; lines do not go on from one chunk to the next. Refusals go back as plain HTTP, so
 * that their envelope can be read.
 */
import { ServerResponse, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { WebSocketServer, type WebSocket } from "ws";
import { Failure } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import { Upgraded } from "../../protocol/upgraded.ts";
import { failureResponse } from "../../api/endpoint/envelope.ts";
import type { Answer } from "../app.ts";
import { addressOf, hasCredentials } from "../address.ts";
import { TAIL_PROTOCOL, TailSockets } from "./tails.ts";

/** Close codes (RFC 6455, 7.4.1). */
const CLOSE = { complete: 1000, goingAway: 1001, failed: 1011 } as const;

/** Milliseconds between two pings; a client that does not answer in between is disconnected. */
const HEARTBEAT_MS = 30_000;

/** Milliseconds that a client which is refused has to close its end. */
const REFUSED_MS = 5_000;

const NEWLINE = 10;

/** Bytes that are written to a client at once, about. */
const PARCEL_BYTES = 64 * 1024;

/** True for what `Sockets.upgrade` is to answer. Other upgrades (`h2c`) are requests as any other. */
export function isSocketRequest({ method, headers }: IncomingMessage): boolean {
  return method === "GET" && headers.upgrade?.toLowerCase() === "websocket";
}

export class Sockets {
  readonly #answer: Answer;
  readonly #clock: Clock;
  readonly #server: WebSocketServer = new WebSocketServer({ noServer: true, maxPayload: LIMITS.socketMessageBytes });
  /** Sockets, and whether their peer has shown a sign of life since the last look. */
  readonly #alive: Map<WebSocket, boolean> = new Map();
  readonly #maxJoined: number;
  readonly #tails: TailSockets = new TailSockets();
  /** All connections that asked to be upgraded: the listener no longer knows them, but waits for them when it closes. */
  readonly #connections: Set<Socket> = new Set();
  /** Those that Workers have taken over. */
  readonly #joined: Set<Socket> = new Set();
  #stopHeartbeat: (() => void) | undefined;
  #closing = false;

  /** `maxJoined`: how many there may be of Workers. */
  constructor(answer: Answer, clock: Clock, maxJoined: number = LIMITS.workerSockets) {
    this.#answer = answer;
    this.#clock = clock;
    this.#maxJoined = maxJoined;
  }

  /** How many are open, those that are about to be answered or have been refused included. */
  get size(): number {
    return this.#connections.size;
  }

  /** Answers a request to upgrade, on the connection that it came on. Never rejects. */
  async upgrade(incoming: IncomingMessage, connection: Socket, head: Buffer): Promise<void> {
    const gone = new AbortController();
    connection.on("error", () => connection.destroy());
    this.#connections.add(connection);
    connection.once("close", () => {
      this.#connections.delete(connection);
      gone.abort();
    });
    const response = await this.#respond(incoming, gone.signal);
    if (response instanceof Upgraded) return this.#join(response, incoming, connection, head);
    const { body } = response;
    if (connection.destroyed || this.#closing) {
      connection.destroy();
      return void body?.cancel();
    }
    if (body === null || response.headers.get("upgrade") !== "websocket") return this.#refuse(incoming, connection, response);
    if (response.headers.get("sec-websocket-protocol") === TAIL_PROTOCOL) {
      connection.unshift(head);
      return this.#tails.serve(incoming, connection, body as ReadableStream<Uint8Array>);
    }
    let open = false;
    this.#server.handleUpgrade(incoming, connection, head, (socket) => {
      open = true;
      void this.#serve(socket, connection, body as ReadableStream<Uint8Array>);
    });
    // The handshake was invalid; the client has got the error.
    if (!open) void body.cancel();
  }

  /** Notifies all clients that the server is going away. */
  close(): void {
    this.#closing = true;
    for (const socket of this.#alive.keys()) socket.close(CLOSE.goingAway);
    this.#tails.close();
  }

  /** Ends all connections at once. */
  terminate(): void {
    this.#tails.terminate();
    for (const connection of this.#connections) connection.destroy();
  }

  /** Connects the client to the Worker; when one of them disconnects, so does the other. */
  #join({ wire, headers }: Upgraded, incoming: IncomingMessage, connection: Socket, head: Buffer): void {
    const isFull = this.#joined.size >= this.#maxJoined;
    if (isFull || connection.destroyed || this.#closing) {
      wire.destroy();
      if (isFull) this.#refuse(incoming, connection, failureResponse(new Failure("script.too_many_sockets")));
      else connection.destroy();
      return;
    }
    this.#joined.add(connection);
    connection.unshift(head);
    const lines = [...headers].map(([name, value]) => `${name}: ${value}`);
    connection.write(
      ["HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket", ...lines, "", ""].join("\r\n"),
    );
    const over = (): void => {
      this.#joined.delete(connection);
      connection.destroy();
      wire.destroy();
    };
    pipeline(wire, connection).then(over, over);
    pipeline(connection, wire).then(over, over);
  }

  /** Answers in plain HTTP, and ends the connection. */
  #refuse(incoming: IncomingMessage, connection: Socket, response: Response): void {
    const reply = new ServerResponse(incoming);
    reply.shouldKeepAlive = false;
    reply.assignSocket(connection);
    reply.writeHead(response.status, [...response.headers].flat());
    const body = response.body === null ? Readable.from([]) : Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
    // A client that does not read the answer has no more time than any other.
    connection.setTimeout(LIMITS.stalledMs, () => connection.destroy());
    pipeline(body, reply).then(
      () => this.#hangUp(connection),
      () => connection.destroy(),
    );
  }

  /** Also on a client that sends on, or never closes its end: what is not read would keep the connection open. */
  #hangUp(connection: Socket): void {
    const cancel = this.#clock.alarm(this.#clock.now() + REFUSED_MS, () => connection.destroy());
    connection.once("close", cancel);
    connection.resume();
    connection.end();
  }

  #respond(incoming: IncomingMessage, signal: AbortSignal): Promise<Response> {
    const url = urlOf(incoming);
    if (url === undefined) return Promise.resolve(new Response(null, { status: 400 }));
    const headers = new Headers();
    // Not `headersDistinct`: in Node up to 24.13 a header with the name `__proto__` makes that throw.
    const { rawHeaders: raw } = incoming;
    for (let at = 0; at < raw.length; at += 2) headers.append(raw[at] ?? "", raw[at + 1] ?? "");
    return this.#answer(new Request(url, { headers, signal }), addressOf(incoming));
  }

  async #serve(socket: WebSocket, connection: Socket, body: ReadableStream<Uint8Array>): Promise<void> {
    const reader = body.getReader();
    this.#enter(socket, () => void reader.cancel().catch(() => {}));
    try {
      // A closed socket takes frames without end, and in no time: it has to be asked.
      for (let next = await reader.read(); !next.done && socket.readyState === socket.OPEN; next = await reader.read())
        for (const frames of parcels(next.value)) await this.#send(socket, connection, frames);
      socket.close(CLOSE.complete);
    } catch (cause) {
      const goingAway = cause instanceof Failure && cause.failure === "shutting_down";
      socket.close(goingAway ? CLOSE.goingAway : CLOSE.failed);
    }
  }

  /** Resolves when the next frames may be made: at once, unless the client has too much to read already. */
  #send(socket: WebSocket, connection: Socket, frames: readonly Uint8Array[]): Promise<void> | undefined {
    const sent = Promise.withResolvers<void>();
    // Together: what costs is not what is written, but how often.
    connection.cork();
    for (const frame of frames) {
      const written = (): void => {
        // A slow client that goes on reading is alive, even if a ping waits behind all that it has not read.
        if (this.#alive.has(socket)) this.#alive.set(socket, true);
        sent.resolve();
      };
      socket.send(frame, { binary: false }, frame === frames.at(-1) ? written : undefined);
    }
    connection.uncork();
    return socket.bufferedAmount > LIMITS.socketBufferBytes ? sent.promise : undefined;
  }

  #enter(socket: WebSocket, left: () => void): void {
    this.#alive.set(socket, true);
    // What clients send is read, and passed over; a message that is too large closes the socket (1009).
    socket.on("error", () => {});
    socket.on("pong", () => this.#alive.set(socket, true));
    socket.once("close", () => {
      this.#alive.delete(socket);
      if (this.#alive.size === 0) this.#stopHeartbeat?.();
      left();
    });
    if (this.#alive.size === 1) this.#look();
  }

  #look(): void {
    this.#stopHeartbeat = this.#clock.alarm(this.#clock.now() + HEARTBEAT_MS, () => {
      for (const [socket, alive] of this.#alive) {
        this.#alive.set(socket, false);
        if (alive) socket.ping();
        else socket.terminate();
      }
      this.#look();
    });
  }
}

/** A host and a port: nothing that would be a path or a name with a password. */
const HOST = /^[^\s/?#@\\]+$/;

/** What is asked for. Undefined for what no `Request` can be made of. */
function urlOf({ headers: { host = "" }, url: target = "" }: IncomingMessage): string | undefined {
  const isAbsolute = /^https?:\/\//i.test(target);
  if (!isAbsolute && !HOST.test(host)) return undefined;
  const url = URL.parse(isAbsolute ? target : `http://${host}${target}`);
  return url === null || hasCredentials(url) ? undefined : url.href;
}

/** The lines of a chunk, as many at a time as are to be written together. */
function* parcels(chunk: Uint8Array): Generator<readonly Uint8Array[]> {
  let lines: Uint8Array[] = [];
  let bytes = 0;
  for (let at = 0; at < chunk.byteLength;) {
    const newline = chunk.indexOf(NEWLINE, at);
    const end = newline < 0 ? chunk.byteLength : newline;
    lines.push(chunk.subarray(at, end));
    bytes += end - at;
    at = end + 1;
    if (bytes < PARCEL_BYTES && at < chunk.byteLength) continue;
    yield lines;
    lines = [];
    bytes = 0;
  }
}
