/**
 * A socket to a child process that shows whether the child lives: it has to answer beats on it. One that is silent for too long
 * hangs; one that has closed the socket is as good as gone, which is known sooner than the exit of a large process.
 */
import { WebSocket } from "ws";
import { startHeartbeat, type Heartbeat } from "../../../protocol/heartbeat.ts";

/** What a lifeline is made of. */
export interface LifelineParts {
  /** How long the child may be silent, in milliseconds. */
  readonly hangAfterMs: number;
  /** Called with each beat that has no answer, with the milliseconds of silence. */
  readonly onSilent: (forMs: number) => void;
  /** Gets what the child says over it, and what answers there; nothing but a beat's answer when it is empty. */
  readonly onMessage?: (data: Buffer, send: (text: string) => void) => void;
  /** The child has closed it: it is as good as gone. */
  readonly onClosed?: () => void;
  /** True while silence does not count. */
  readonly isExcused?: () => boolean;
}

export class Lifeline {
  readonly #socket: WebSocket;
  readonly #parts: LifelineParts;
  #heartbeat: Heartbeat | undefined;

  /** Over a socket that is being opened. */
  constructor(socket: WebSocket, parts: LifelineParts) {
    this.#socket = socket;
    this.#parts = parts;
    // Not once it is open: the child may speak at once.
    socket.on("message", (data: Buffer) => {
      this.#heartbeat?.answered();
      parts.onMessage?.(data, (text) => this.send(text));
    });
  }

  /** Waits until it is open, and calls back when it is closed after that. Rejects when it does not open in time. */
  async open(onClosed: () => void): Promise<void> {
    await opened(this.#socket);
    const { hangAfterMs, onSilent, isExcused } = this.#parts;
    this.#heartbeat = startHeartbeat(hangAfterMs, () => this.send(""), onSilent, isExcused);
    const closed = (): void => {
      this.stop();
      onClosed();
    };
    this.#socket.once("close", closed);
    if (this.#socket.readyState !== WebSocket.OPEN) closed();
  }

  send(text: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  /** Asks for no more answers. */
  stop(): void {
    this.#heartbeat?.stop();
  }

  /** Once the child is gone, which would complain of a server that is. */
  end(): void {
    this.stop();
    if (this.#socket.readyState !== WebSocket.CONNECTING) this.#socket.terminate();
  }
}

/** Resolves when a socket is open; rejects when it cannot be, or not within its `handshakeTimeout`. */
export async function opened(socket: WebSocket): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once("open", resolve).on("error", reject).once("close", reject);
  await promise;
}
