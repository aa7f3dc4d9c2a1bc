/** One process of workerd: how it starts, how it is reached, and all the ways it can end. */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent, request, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { WebSocket } from "ws";
import { Failure } from "../../model/errors.ts";
import type { HostEnd } from "../../ports/executor.ts";
import { startHeartbeat, type Heartbeat } from "../../protocol/heartbeat.ts";
import { BINARY } from "./binary.ts";
import { processConfig } from "./config.ts";
import { HEADERS, type AnswerFor, type FromLoader, type Question, type ToLoader } from "./messages.ts";
import type { Output } from "./output.ts";
import { ownModules } from "./modules.ts";

/** How long a process may take to listen, in milliseconds. Healthy ones need a twentieth of a second. */
const START_MS = 30_000;

/** How often a process is looked at within the span that it may be silent. */
const BEATS = 4;

/** What is sent is checked, but its size before that: no frame is larger than a few outputs. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** What holds for every process. */
export interface ProcessSettings {
  /** What scripts may reach: `public`, `private`, `local`, and ranges of addresses. */
  readonly network: readonly string[];
  /** The most that a V8 heap may take, in MiB. */
  readonly heapMiB: number;
  /** How long a process may go without answering, in milliseconds. */
  readonly hangAfterMs: number;
  /** The same while several isolates are open in it: each keeps the others waiting. */
  readonly sharedHangAfterMs: number;
  /** Path of the socket of the storage process; absent when there is none. */
  readonly storage?: string;
  /** The folder that Durable Objects are kept in, in the one process that has them. */
  readonly objects?: string;
  /** The folder of static assets; absent when there are none. */
  readonly assets?: string;
}

/** Answers what the loader of a process asks; rejects with a `Failure` whose text user code may see. */
export type AnswerLoader = (process: WorkerdProcess, question: Question) => Promise<AnswerFor<Question>>;

/** Takes what comes over a socket. */
type Hear = (data: Buffer, isBinary: boolean, socket: WebSocket) => void;

/** What is asked of the loader. */
export interface Asked {
  readonly ask: "leash" | "load" | "link" | "fetch" | "dispatch" | "abort";
  readonly host: string;
  readonly request?: string;
  readonly origin?: string;
}

export class WorkerdProcess {
  readonly ended: Promise<HostEnd>;
  readonly #child: ChildProcess;
  readonly #port: number;
  readonly #token: string;
  readonly #settings: ProcessSettings;
  readonly #agent: Agent = new Agent({ keepAlive: true });
  readonly #end: (end: HostEnd) => void;
  #hosts = 0;
  #retired = false;
  #leash: WebSocket | undefined;
  #heartbeat: Heartbeat | undefined;
  #silentMs = 0;
  #wasSlow = false;
  #hungShared = false;

  private constructor(child: ChildProcess, port: number, token: string, settings: ProcessSettings) {
    this.#settings = settings;
    this.#child = child;
    this.#port = port;
    this.#token = token;
    ({ promise: this.ended, resolve: this.#end } = Promise.withResolvers<HostEnd>());
    child.on("exit", (code, signal) => {
      this.#agent.destroy();
      this.#heartbeat?.stop();
      this.#end({
        kind: "died",
        detail: `The process of workerd ended with ${signal ?? `code ${code}`}`,
        isShared: this.#hosts > 1,
      });
    });
  }

  /** Starts one, and resolves when it listens. */
  static async start(settings: ProcessSettings, output: Output, answer: AnswerLoader): Promise<WorkerdProcess> {
    const token = randomBytes(24).toString("base64url");
    const { loader } = await ownModules();
    if (settings.assets !== undefined) await mkdir(settings.assets, { recursive: true });
    const folder = await mkdtemp(join(tmpdir(), "stepwell-workerd-"));
    try {
      const file = join(folder, "config.capnp");
      await writeFile(file, processConfig({ loader, token, ...settings }), { mode: 0o600 });
      const child = spawn(BINARY, ["serve", "--experimental", "--control-fd=3", file], {
        // Nothing of the server's own.
        env: {},
        stdio: ["ignore", "pipe", "pipe", "pipe"],
      });
      output.follow(child.stdout, "info");
      output.follow(child.stderr, "error");
      const process = new WorkerdProcess(child, await listening(child), token, settings);
      await process.#hold(answer);
      return process;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** How many isolates are open in it. */
  get hosts(): number {
    return this.#hosts;
  }

  /** An isolate is opened or closed. */
  count(by: 1 | -1): void {
    this.#hosts += by;
    this.#endIfDone();
  }

  /** It is to end with the last of its isolates. */
  retire(): void {
    this.#retired = true;
    this.#endIfDone();
  }

  #endIfDone(): void {
    if (this.#retired && this.#hosts === 0) void this.kill({ kind: "closed" });
  }

  /** True while it owes an answer. */
  get isSilent(): boolean {
    return this.#silentMs > 0;
  }

  /** True when it has been silent for longer than those that several isolates share may be. */
  get wasSlow(): boolean {
    return this.#wasSlow;
  }

  /** True when it has hung while several isolates were open in it: any of them may have been the cause. */
  get hungShared(): boolean {
    return this.#hungShared;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * Asks the loader for something. Rejects when the process is gone, and with an `AbortError`. Of an answer with status 101
   * the socket is what goes on.
   */
  ask(
    asked: Asked,
    {
      path = "/",
      method = "GET",
      headers = [],
      body,
      signal,
    }: {
      readonly path?: string;
      readonly method?: string;
      readonly headers?: readonly (readonly [string, string])[];
      readonly body?: Readable | Uint8Array | string;
      readonly signal?: AbortSignal;
    },
  ): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const sent = request({
      host: "127.0.0.1",
      port: this.#port,
      agent: this.#agent,
      path,
      method,
      headers: Object.fromEntries([...headers, ...this.#headers(asked)]),
      ...(signal && { signal }),
    });
    sent.on("response", resolve);
    sent.on("upgrade", (answer, socket, head) => {
      socket.unshift(head);
      resolve(answer);
    });
    sent.on("error", reject);
    if (!(body instanceof Readable)) sent.end(body);
    else {
      // The answer may come before the first of the body does.
      sent.flushHeaders();
      body.on("error", (cause) => sent.destroy(cause)).pipe(sent);
    }
    return promise;
  }

  /** A socket to an isolate, open. `hear` gets what comes over it. */
  async connect(asked: Asked, hear: Hear): Promise<WebSocket> {
    const socket = new WebSocket(`ws://127.0.0.1:${this.#port}/`, {
      headers: Object.fromEntries(this.#headers(asked)),
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
    });
    // Not once it is open: what came along with that would have been said before anybody who waits for it goes on.
    socket.on("message", (data: Buffer, isBinary: boolean) => hear(data, isBinary, socket));
    await new Promise<void>((resolve, reject) => socket.once("open", resolve).once("error", reject));
    return socket;
  }

  /** Ends it at once, with everything in it. */
  async kill(end: HostEnd): Promise<void> {
    this.#end(end);
    this.#agent.destroy();
    this.#heartbeat?.stop();
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      // Not `exit`: what it has written may come after that.
      const gone = new Promise((resolve) => this.#child.once("close", resolve));
      this.#child.kill("SIGKILL");
      await gone;
    }
    // Not before: it would complain of a host that is gone.
    this.#leash?.terminate();
  }

  async #hold(answer: AnswerLoader): Promise<void> {
    const { hangAfterMs, sharedHangAfterMs } = this.#settings;
    const beatMs = Math.min(hangAfterMs, sharedHangAfterMs) / BEATS;
    const heartbeat = startHeartbeat(
      beatMs,
      () => this.#leash?.send(""),
      (forMs) => this.#silent(forMs),
    );
    this.#heartbeat = heartbeat;
    const leash = await this.connect({ ask: "leash", host: "" }, (data, _, socket) => {
      this.#silentMs = 0;
      heartbeat.answered();
      if (data.length > 0) void this.#tell(socket, JSON.parse(data.toString()) as FromLoader, answer);
    });
    this.#leash = leash;
    leash.on("error", () => {});
    // Sooner than the exit of the process, which takes a large one a while.
    leash.on("close", () => {
      void this.kill({ kind: "died", detail: "The process of workerd has closed its socket", isShared: this.#hosts > 1 });
    });
  }

  async #tell(leash: WebSocket, { id, question }: FromLoader, answer: AnswerLoader): Promise<void> {
    const say = (end: ToLoader["end"]): void => leash.send(JSON.stringify({ id, end } satisfies ToLoader));
    try {
      say({ kind: "answered", answer: await answer(this, question) });
    } catch (cause) {
      say({ kind: "refused", message: (cause instanceof Failure ? cause : new Failure("internal_server")).message });
    }
  }

  /** Its isolates take turns: one that does not give way stops them all. */
  #silent(forMs: number): void {
    const { hangAfterMs, sharedHangAfterMs } = this.#settings;
    this.#silentMs = forMs;
    this.#wasSlow ||= forMs >= sharedHangAfterMs;
    const isShared = this.#hosts > 1;
    if (forMs < (isShared ? Math.min(hangAfterMs, sharedHangAfterMs) : hangAfterMs)) return;
    this.#hungShared = isShared;
    void this.kill({ kind: "hung", silentMs: forMs, isShared });
  }

  #headers({ ask, host, request = "", origin = "" }: Asked): [string, string][] {
    return [
      [HEADERS.token, this.#token],
      [HEADERS.ask, ask],
      [HEADERS.host, host],
      [HEADERS.request, request],
      [HEADERS.origin, origin],
    ];
  }
}

/** The port that workerd has chosen, which it tells on a pipe of its own; 0 when it listens on a socket of the file system. */
export function listening(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => {
      child.kill("SIGKILL");
      reject(new Error(reason));
    };
    const late = setTimeout(() => fail(`no sign of it in ${START_MS} ms`), START_MS);
    child.once("error", (cause) => fail(cause.message));
    child.once("exit", (code, signal) => fail(`it ended with ${signal ?? `code ${code}`}`));
    let told = "";
    child.stdio[3]?.on("data", (data: Buffer) => {
      told += data.toString();
      const port = /"port":\s*(\d+)/.exec(told)?.[1];
      if (port === undefined) return;
      clearTimeout(late);
      resolve(Number(port));
    });
  });
}
