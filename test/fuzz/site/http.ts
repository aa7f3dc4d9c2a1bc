/** Sends requests as they are written: paths and bodies are not tidied up on the way. */
import { Agent, request, type OutgoingHttpHeaders } from "node:http";

export interface Sent {
  readonly method: string;
  /** With its query; ASCII without spaces. */
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: string | Buffer | undefined;
}

export interface Answered {
  readonly status: number;
  readonly type: string;
  /** Of an answer that goes on, what came first. */
  readonly text: string;
}

/** Milliseconds without an answer after which a request has failed. */
const SILENT_MS = 20_000;

/** Bytes of an answer that are read. */
const READ_BYTES = 1024 * 1024;

/** Bytes of a body that the system takes although the server does not read them. */
const UNREAD_BYTES = 64 * 1024;

function isHungUp({ code }: NodeJS.ErrnoException): boolean {
  return code === "ECONNRESET" || code === "EPIPE";
}

export class HttpClient {
  readonly port: number;
  readonly #agent: Agent = new Agent({ keepAlive: true, maxSockets: 64 });

  constructor(port: number) {
    this.port = port;
  }

  /**
   * Rejects when there is no answer. A server that hangs up on a connection that it has kept is asked again. One that answers
   * before it has read a long body, and hangs up, takes its answer with it: that is a status of 0.
   */
  async send(sent: Sent): Promise<Answered> {
    return this.#once(sent)
      .catch((cause: NodeJS.ErrnoException) => {
        if (!isHungUp(cause)) throw cause;
        return this.#once(sent);
      })
      .catch((cause: NodeJS.ErrnoException) => {
        if (!isHungUp(cause) || Buffer.byteLength(sent.body ?? "") < UNREAD_BYTES) throw cause;
        return { status: 0, type: "", text: "" };
      });
  }

  close(): void {
    this.#agent.destroy();
  }

  #once({ method, path, headers: given, body }: Sent): Promise<Answered> {
    // Node says the length of some methods' bodies only.
    const headers = body === undefined ? given : { ...given, "content-length": Buffer.byteLength(body) };
    return new Promise((resolve, reject) => {
      const asked = request({ host: "127.0.0.1", port: this.port, agent: this.#agent, method, path, headers }, (response) => {
        const { statusCode = 0 } = response;
        const type = response.headers["content-type"] ?? "";
        const chunks: Buffer[] = [];
        let bytes = 0;
        const end = (): void => resolve({ status: statusCode, type, text: Buffer.concat(chunks).toString() });
        response.on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          bytes += chunk.byteLength;
          if (bytes > READ_BYTES) response.destroy();
        });
        response.once("end", end);
        response.once("close", end);
        response.once("error", end);
        // Streams of events go on for as long as they are let.
        if (type.startsWith("text/event-stream")) response.destroy();
      });
      asked.setTimeout(SILENT_MS, () => asked.destroy(new Error(`No answer to ${method} ${path} in ${SILENT_MS} ms`)));
      asked.once("error", reject);
      asked.end(body);
    });
  }
}
