/**
 * The WebSockets of `wrangler tail`. wrangler sends frames without a mask, for which the `ws` package hangs up; so these are
 * served here, with as much of RFC 6455 as they need: text goes out, and of what comes in pings and closes count.
 */
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { once } from "node:events";
import { LIMITS } from "../../model/limits.ts";

/** The sub-protocol that marks a tail, in requests and in responses. */
export const TAIL_PROTOCOL = "trace-v1";

const OPCODE = { text: 1, close: 8, ping: 9, pong: 10 } as const;

const CLOSE = { complete: 1000, goingAway: 1001 } as const;

/** What every handshake is hashed with (RFC 6455, 1.3). */
const HANDSHAKE = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Tails that are open. */
export class TailSockets {
  readonly #open: Set<Socket> = new Set();

  /** Shakes hands, and sends each chunk of the body as a frame of text until it or the client ends. Never rejects. */
  async serve({ headers }: IncomingMessage, connection: Socket, body: ReadableStream<Uint8Array>): Promise<void> {
    const reader = body.getReader();
    const frames = new FrameReader();
    const gone = new AbortController();
    this.#open.add(connection);
    connection.once("close", () => {
      this.#open.delete(connection);
      gone.abort();
      reader.cancel().catch(() => undefined);
    });
    connection.once("end", () => connection.end());
    connection.on("data", (chunk: Buffer) => {
      for (const { opcode, payload } of frames.read(chunk)) {
        if (opcode === OPCODE.ping) connection.write(frame(OPCODE.pong, payload));
        if (opcode === OPCODE.close) end(connection, CLOSE.complete);
      }
      if (frames.failed) connection.destroy();
    });
    connection.write(handshake(headers["sec-websocket-key"] ?? ""));
    try {
      for (let next = await reader.read(); !next.done && connection.writable; next = await reader.read())
        if (!connection.write(frame(OPCODE.text, next.value))) await once(connection, "drain", { signal: gone.signal });
      end(connection, CLOSE.complete);
    } catch {
      connection.destroy();
    }
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Notifies all clients that the server is going away. */
  close(): void {
    for (const connection of this.#open) end(connection, CLOSE.goingAway);
  }

  /** Ends all connections at once. */
  terminate(): void {
    for (const connection of this.#open) connection.destroy();
  }
}

function handshake(key: string): string {
  const accept = createHash("sha1")
    .update(key + HANDSHAKE)
    .digest("base64");
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${accept}`,
    `Sec-WebSocket-Protocol: ${TAIL_PROTOCOL}`,
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

function end(connection: Socket, code: number): void {
  if (!connection.writable) return;
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  connection.end(frame(OPCODE.close, payload));
}

/** One whole frame, from a server. */
function frame(opcode: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(payload.length < 126 ? 2 : payload.length <= 0xffff ? 4 : 10);
  head[0] = 0x80 | opcode;
  if (head.length === 2) head[1] = payload.length;
  else if (head.length === 4) {
    head[1] = 126;
    head.writeUInt16BE(payload.length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(payload.length), 2);
  }
  return Buffer.concat([head, payload]);
}

interface Frame {
  readonly opcode: number;
  readonly payload: Uint8Array;
}

/** Takes frames out of what a client sends, with a mask or without. */
class FrameReader {
  /** True when the client has sent more than it may; nothing is read then. */
  failed = false;
  #rest: Buffer = Buffer.alloc(0);

  read(chunk: Buffer): Frame[] {
    const found: Frame[] = [];
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (let next = this.#next(); next !== undefined; next = this.#next()) found.push(next);
    return found;
  }

  #next(): Frame | undefined {
    const [first = 0, second = 0] = this.#rest;
    if (this.failed || this.#rest.length < 2) return undefined;
    const isLong = (second & 0x7f) === 126;
    if (isLong && this.#rest.length < 4) return undefined;
    const length = isLong ? this.#rest.readUInt16BE(2) : second & 0x7f;
    this.failed = length === 127 || length > LIMITS.socketMessageBytes;
    const maskAt = isLong ? 4 : 2;
    const start = maskAt + ((second & 0x80) === 0 ? 0 : 4);
    if (this.failed || this.#rest.length < start + length) return undefined;
    const mask = this.#rest.subarray(maskAt, start);
    const payload = this.#rest.subarray(start, start + length).map((byte, i) => byte ^ (mask[i % 4] ?? 0));
    this.#rest = this.#rest.subarray(start + length);
    return { opcode: first & 0x0f, payload };
  }
}
