/**
 * The isolate's end of its socket. All messages are sent in the one context that the socket belongs to: code in any other context
 * queues its message here and wakes the loop. Values that user code controls must not make this code throw.
 */
import { settleable } from "../../../../runtime/run/settleable.ts";

/** As much of workerd's WebSocket as is used. */
export interface Socket {
  binaryType: string;
  readonly readyState: number;
  accept(): void;
  send(message: string | Uint8Array): void;
  close(code: number, reason: string): void;
  addEventListener(type: "message" | "close" | "error", listener: (event: { readonly data: unknown }) => void): void;
}

/** A failure on this side, by RFC 6455. */
const FAILED = 1011;

/** The longest reason that a socket may be closed with is 123 bytes: as many characters, of what is written here. */
const MAX_REASON = 120;

export class Link {
  readonly #socket: Socket;
  readonly #isBusy: () => boolean;
  #due: (() => void)[] = [];
  #wake: () => void = () => {};
  #open = true;

  /** While `isBusy`, what is said in one turn of the event loop leaves together. */
  constructor(socket: Socket, isBusy: () => boolean) {
    this.#socket = socket;
    this.#isBusy = isBusy;
  }

  /** Calls back soon, in the context of the socket. */
  soon(fire: () => void): void {
    this.#due.push(fire);
    this.#wake();
  }

  /** To be called in the context of the socket. */
  send(message: string | Uint8Array): void {
    if (this.#open) this.#socket.send(message);
  }

  /**
   * The loop. To be called in the context of the socket; resolves when it is closed. Rejects with what ends it before that:
   * nothing is said from then on, so that the isolate has to end as well.
   */
  async run(): Promise<void> {
    while (this.#open) {
      if (this.#due.length === 0) await this.#woken();
      if (this.#isBusy()) await turn();
      for (const fire of this.#due.splice(0)) fire();
    }
  }

  close(): void {
    this.#open = false;
    this.#wake();
  }

  /** Closes the socket from here, with the reason. To be called in the context of the socket. */
  fail(reason: string): void {
    this.close();
    this.#socket.close(FAILED, reason.slice(0, MAX_REASON));
  }

  #woken(): Promise<void> {
    const { promise, resolve } = settleable();
    this.#wake = resolve;
    return promise;
  }
}

/** Resolves in the next turn of the event loop. */
function turn(): Promise<void> {
  const { promise, resolve } = settleable();
  setTimeout(resolve, 0);
  return promise;
}
