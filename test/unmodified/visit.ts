/** A client of a project that runs somewhere: requests, WebSockets, and waiting for what happens by itself. */
import { once } from "node:events";
import { request } from "node:http";
import { isDeepStrictEqual } from "node:util";
import { WebSocket } from "ws";

/** How long an answer may take, and what is waited for, on a machine that does much else. */
const ANSWER_MS = 60_000;
const UNTIL_MS = 120_000;
const LOOK_AGAIN_MS = 150;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Anything but text is sent as JSON. */
  readonly body?: unknown;
}

/** What a workflow's `status()` says. */
export interface Status {
  readonly status: string;
  readonly output?: unknown;
  readonly error?: { readonly name: string; readonly message: string } | null;
}

export class Visit {
  readonly #url: string;
  readonly #host: string | undefined;
  /** Whether cron triggers can be called by hand. */
  readonly devTriggers: boolean;

  constructor(url: string, { host, devTriggers }: { readonly host: string | undefined; readonly devTriggers: boolean }) {
    this.#url = url;
    this.#host = host;
    this.devTriggers = devTriggers;
  }

  async ask(path: string, { method = "GET", headers = {}, body }: Asked = {}): Promise<Answer> {
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    const type = text === body ? {} : { "content-type": "application/json" };
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const sent = request(new URL(path, this.#url), {
      method,
      headers: { ...type, ...headers, ...this.#hostHeader() },
      timeout: ANSWER_MS,
      agent: false,
    });
    sent.on("timeout", () => sent.destroy(new Error(`No answer from ${path}`)));
    sent.on("error", reject);
    sent.on("response", (response) => {
      let received = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (received += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text: received }));
      response.on("error", reject);
    });
    sent.end(text);
    return promise;
  }

  /** The JSON of an answer; a failed one shows all of it. */
  async json<T = never>(path: string, asked?: Asked): Promise<T> {
    const { status, text } = await this.ask(path, asked);
    try {
      return JSON.parse(text) as T;
    } catch {
      throw new Error(`${asked?.method ?? "GET"} ${path} answered ${status}: ${text.slice(0, 2000)}`);
    }
  }

  post<T = never>(path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<T> {
    return this.json(path, { method: "POST", body, headers });
  }

  /** Looks again and again until it is so; says what was there last when it never is. */
  async until<T>(look: () => Promise<T>, isSo: (found: T) => boolean): Promise<T> {
    const deadline = Date.now() + UNTIL_MS;
    for (;;) {
      const found = await look();
      if (isSo(found)) return found;
      if (Date.now() > deadline) throw new Error(`Waited in vain; last: ${JSON.stringify(found)}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }

  untilIs(path: string, expected: unknown): Promise<unknown> {
    return this.until(
      () => this.json<unknown>(path),
      (found) => isDeepStrictEqual(found, expected),
    );
  }

  /** The status of an instance once it is over, from an address that answers what `status()` said. */
  async ended(path: string): Promise<Status> {
    const over = new Set(["complete", "errored", "terminated"]);
    const { status, output, error } = await this.until(
      () => this.json<Status>(path),
      (found) => over.has(found.status),
    );
    return { status, ...(output !== undefined && output !== null && { output }), ...(error && { error }) };
  }

  async socket(path: string): Promise<Socket> {
    const socket = new WebSocket(new URL(path, this.#url.replace(/^http/, "ws")), { headers: this.#hostHeader() });
    const opened = new Socket(socket);
    await once(socket, "open");
    return opened;
  }

  #hostHeader(): Record<string, string> {
    return this.#host === undefined ? {} : { host: this.#host };
  }
}

/** A WebSocket whose messages can be waited for. */
export class Socket {
  readonly #socket: WebSocket;
  readonly #messages: string[] = [];
  #heard: () => void = () => {};

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer) => {
      this.#messages.push(data.toString());
      this.#heard();
    });
  }

  send(data: string | Uint8Array): void {
    this.#socket.send(data);
  }

  /** The next message, of all or of those that this takes; what comes before it is passed over. */
  async next(wanted: (text: string) => boolean = () => true): Promise<string> {
    const signal = AbortSignal.timeout(ANSWER_MS);
    for (;;) {
      const text = this.#messages.shift();
      if (text !== undefined && wanted(text)) return text;
      if (text === undefined) await this.#more(signal);
    }
  }

  async json<T = never>(wanted: (message: T) => boolean = () => true): Promise<T> {
    const text = await this.next((found) => found.startsWith("{") && wanted(JSON.parse(found) as T));
    return JSON.parse(text) as T;
  }

  async close(): Promise<number> {
    const closed = once(this.#socket, "close");
    this.#socket.close(1000, "done");
    const [code] = (await closed) as [number];
    return code;
  }

  #more(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#heard = resolve;
      signal.addEventListener("abort", () => reject(new Error("No message on the WebSocket")), { once: true });
    });
  }
}
