/** Reads events of a server over server-sent events and WebSockets, strictly: a byte that does not belong there is an error. */
import { request } from "node:http";
import { WebSocket } from "ws";

export interface ReadEvent {
  /** Undefined for events of a workflow, which cannot be gone on after. */
  readonly id: number | undefined;
  readonly data: string;
}

export interface Connection {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes, or frames, after which it is cut off. */
  readonly cut: number | undefined;
  readonly isSlow: boolean;
}

export interface Read {
  readonly status: number;
  readonly events: readonly ReadEvent[];
  /** Whether the server has ended it. */
  readonly isOver: boolean;
  readonly text: string;
}

/** Milliseconds until a stream has to have an end, or has been cut. */
const ENDS_MS = 20_000;

/** Milliseconds that a slow reader rests after each piece. */
const REST_MS = 3;

/** Cut after no byte at all: as soon as the server has answered. */
export function readStream({ port, path, headers, cut, isSlow }: Connection): Promise<Read> {
  return new Promise((resolve, reject) => {
    const sent = { host: "127.0.0.1", port, path, headers: { accept: "text/event-stream", ...headers }, agent: false as const };
    const asked = request(sent, (response) => {
      const { statusCode: status = 0 } = response;
      const chunks: Buffer[] = [];
      let bytes = 0;
      let isRead = false;
      const end = (isOver: boolean): void => {
        if (isRead) return;
        isRead = true;
        clearTimeout(late);
        response.destroy();
        const text = Buffer.concat(chunks).subarray(0, cut).toString();
        // An error in the text becomes one of the promise.
        resolve(readOf(status, text, isOver));
      };
      if (cut === 0) return end(false);
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.byteLength;
        if (cut !== undefined && bytes >= cut) end(false);
        else if (isSlow) {
          response.pause();
          setTimeout(() => response.resume(), REST_MS);
        }
      });
      response.once("end", () => end(true));
      response.once("error", reject);
    });
    const late = setTimeout(() => asked.destroy(new Error(`No end of ${path} in ${ENDS_MS} ms`)), ENDS_MS);
    asked.once("error", reject);
    asked.end();
  });
}

async function readOf(status: number, text: string, isOver: boolean): Promise<Read> {
  return { status, isOver, text, events: status === 200 ? parse(text, isOver) : [] };
}

const BLOCK = /^(?:retry: \d+\n)?(?:id: (\d+)\n)?data: (.+)$/;

/** Throws for what is not in the form of server-sent events as we write them. What was cut off is left out. */
function parse(text: string, isOver: boolean): ReadEvent[] {
  const blocks = text.split("\n\n");
  const rest = blocks.pop();
  if (isOver && rest !== "") throw new Error(`The stream ends within an event: ${rest}`);
  return blocks.flatMap((block) => {
    if (block === ": keep-alive") return [];
    const [, id, data] = BLOCK.exec(block) ?? [];
    if (data === undefined) throw new Error(`Not an event: ${JSON.stringify(block)}`);
    JSON.parse(data);
    return [{ id: id === undefined ? undefined : Number(id), data }];
  });
}

export function readSocket({ port, path, headers, cut, isSlow }: Connection): Promise<Read> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
    const events: ReadEvent[] = [];
    const late = setTimeout(() => {
      socket.terminate();
      reject(new Error(`No end of ${path} in ${ENDS_MS} ms`));
    }, ENDS_MS);
    const end = (status: number, isOver: boolean, text: string): void => {
      clearTimeout(late);
      socket.terminate();
      resolve({ status, isOver, text, events });
    };
    socket.on("message", (message: Buffer, isBinary) => {
      const data = message.toString();
      const { eventId } = JSON.parse(data) as { readonly eventId?: number };
      if (isBinary) reject(new Error("A frame of bytes"));
      if (cut !== undefined && events.length >= cut) return end(200, false, "");
      events.push({ id: eventId, data });
      if (isSlow) {
        socket.pause();
        setTimeout(() => socket.resume(), REST_MS);
      }
    });
    socket.once("open", () => cut === 0 && end(200, false, ""));
    socket.once("unexpected-response", (_, response) => {
      response.resume();
      end(response.statusCode ?? 0, true, "");
    });
    socket.once("close", (code) => end(code === 1000 ? 200 : code, true, `closed with ${code}`));
    socket.on("error", (cause) => {
      clearTimeout(late);
      reject(cause);
    });
  });
}
