/**
 * A child process of workerd: how it is started and reached, how its end is seen, and how it is ended. Each of that takes a bounded
 * time. A socket shows whether it lives (`lifeline.ts`), and it does not outlive this process (`cleanup.ts`).
 */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ClientOptions, WebSocket } from "ws";
import { Failure } from "../../../model/failures/failure.ts";
import { BINARY } from "./binary.ts";
import { within } from "./deadline.ts";
import { hold, release } from "./cleanup.ts";
import { Lifeline, type LifelineParts } from "./lifeline.ts";
import { Connection } from "../connection/connection.ts";
import { plainSocket } from "../connection/plain-http.ts";
import type { Output } from "../process/output.ts";

/** How long the kernel may take to end a process that has been killed, in milliseconds. A large one takes a while. */
const KILL_MS = 10_000;

/** How much of what it writes before it listens is shown when it does not come to that, in characters. */
const SHOWN = 1_000;

/** What a child is started with. */
export interface ChildParts {
  /** In Cap'n Proto's text form. */
  readonly config: string;
  /** For the configuration while it starts. */
  readonly folder: string;
  readonly output: Output;
  /** How long it may take to listen, in milliseconds. */
  readonly startMs: number;
  /** Whether its isolates can be debugged. */
  readonly isInspected?: boolean;
  /** Path of the socket that it listens on; a port of its own choice when absent. */
  readonly socket?: string;
  /** When this aborts while the child starts, it is ended. */
  readonly signal?: AbortSignal | undefined;
}

/** Headers of a request. */
type Headers = Readonly<Record<string, string>>;

export class WorkerdChild {
  readonly pid: number;
  /** The port that it has chosen; 0 when it listens on a socket of the file system. */
  readonly port: number;
  /** Where its isolates can be debugged, like `127.0.0.1:9229`; only when that was asked for. */
  readonly inspector: string | undefined;
  /** Requests to it. */
  readonly connection: Connection;
  /** Resolves as soon as it is known that it ends: a large process is gone later. Never rejects. */
  readonly ended: Promise<void>;
  /** Resolves with how it ended when it is gone. Never rejects. */
  readonly how: Promise<string>;
  readonly #child: ChildProcess;
  readonly #parts: ChildParts;
  readonly #end: () => void;
  #killedFor: string | undefined;

  private constructor(child: ChildProcess, pid: number, { port, inspector }: Ports, gone: Promise<string>, parts: ChildParts) {
    this.#child = child;
    this.#parts = parts;
    this.pid = pid;
    this.inspector = inspector;
    this.port = port;
    this.connection = new Connection(parts.socket === undefined ? { host: "127.0.0.1", port } : { socketPath: parts.socket });
    ({ promise: this.ended, resolve: this.#end } = Promise.withResolvers<void>());
    this.how = gone.then((how) => {
      this.#end();
      return this.#killedFor ?? how;
    });
    void this.ended.then(() => this.connection.close());
  }

  /** Resolves when it listens. Rejects with `Failure("executor.not_started")`, or with the reason of the signal; it is gone then. */
  static async start(parts: ChildParts): Promise<WorkerdChild> {
    const { config, folder, output, startMs, isInspected = false, signal } = parts;
    const file = join(folder, "config.capnp");
    await writeFile(file, config, { mode: 0o600 });
    signal?.throwIfAborted();
    const host = isInspected ? hiddenLoopback() : undefined;
    const inspects = host === undefined ? [] : [`--inspector-addr=${host}:0`];
    const child = spawn(BINARY, ["serve", "--experimental", "--control-fd=3", ...inspects, file], {
      // Nothing of the server's own.
      env: {},
      // Ctrl-C in a terminal is for the server, which lets steps under way end. On Windows it would open a window.
      detached: process.platform !== "win32",
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    const gone = endOf(child);
    const said = shownOf(child);
    // When descriptors have run out there are none.
    output.follow(child.stdout ?? null, "info");
    output.follow(child.stderr ?? null, "error");
    const over = new AbortController();
    try {
      const { pid } = child;
      const unwanted = aborted(signal, over.signal);
      const ports = await within(startMs, "The start", Promise.race([portsOf(child, host), failed(child), unwanted]));
      if (pid === undefined) throw new Error("It has no pid");
      return new WorkerdChild(child, pid, ports, gone, parts);
    } catch (cause) {
      await kill(child);
      signal?.throwIfAborted();
      const reason = [(cause as Error).message, said()].filter((text) => text !== "").join(": ");
      throw new Failure("executor.not_started", { detail: `workerd did not start. ${reason}`, cause });
    } finally {
      over.abort();
    }
  }

  /**
   * Ties the two together, over a socket with these headers: it ends when it closes that. Rejects with
   * `Failure("executor.not_started")` when it does not answer, and with the reason of the signal; it is gone then.
   */
  async hold(headers: Headers, parts: LifelineParts): Promise<void> {
    const lifeline = new Lifeline(this.open(headers), parts);
    void this.ended.then(() => lifeline.stop());
    void this.how.then(() => lifeline.end());
    try {
      await lifeline.open(() => {
        parts.onClosed?.();
        // Most often it dies, and says best itself how.
        void this.close();
      });
    } catch (cause) {
      await this.kill(`it does not answer: ${String(cause)}`);
      this.#parts.signal?.throwIfAborted();
      throw new Failure("executor.not_started", { detail: `workerd does not answer. ${String(cause)}`, cause });
    }
  }

  /** A socket to it, which is being opened. */
  open(headers: Headers, options: ClientOptions = {}): WebSocket {
    const { socket, startMs } = this.#parts;
    const url = socket === undefined ? `ws://127.0.0.1:${this.port}/` : `ws+unix:${socket}:/`;
    return plainSocket(url, { headers, handshakeTimeout: startMs, perMessageDeflate: false, ...options });
  }

  /** Ends it at once, for a reason that `how` then gives. Resolves when it is gone. */
  kill(reason: string): Promise<void> {
    this.#killedFor ??= reason;
    return this.close();
  }

  /** Ends it at once. Resolves when it is gone. */
  close(): Promise<void> {
    this.#end();
    return kill(this.#child);
  }
}

/** Why something could not be started. */
export function reasonOf(cause: unknown): string {
  return cause instanceof Failure && cause.detail !== undefined ? cause.detail : String(cause);
}

/** Ties the life of the child to that of this process until it ends. */
function endOf(child: ChildProcess): Promise<string> {
  const { pid } = child;
  if (pid !== undefined) hold(pid);
  const { promise, resolve } = Promise.withResolvers<string>();
  child.once("exit", (code, signal) => {
    if (pid !== undefined) release(pid);
    resolve(`it ended with ${signal ?? `code ${code}`}`);
  });
  return promise;
}

/** Its first output, which says why it did not start. */
function shownOf({ stdout, stderr }: ChildProcess): () => string {
  let text = "";
  for (const stream of [stdout, stderr])
    stream?.on("data", (data: Buffer) => {
      if (text.length < SHOWN) text = (text + data.toString()).slice(0, SHOWN);
    });
  return () => text.trim();
}

/** Not `exit`: what it has written may come after that. */
async function failed(child: ChildProcess): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  child.once("error", reject);
  child.once("close", (code, signal) => reject(new Error(`It ended with ${signal ?? `code ${code}`}`)));
  return promise;
}

/** Rejects when a signal aborts, and forgets about that with another. */
function aborted(signal: AbortSignal | undefined, over: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal?.addEventListener("abort", () => reject(signal.reason as Error), { signal: over });
  return promise;
}

interface Ports {
  readonly port: number;
  readonly inspector: string | undefined;
}

const INSPECTOR = /"listen-inspector",\s*"port":\s*(\d+)/;

/** It writes its ports to a pipe of its own, a line each. `inspectorHost`: there is one for debuggers, too. */
function portsOf({ stdio }: ChildProcess, inspectorHost: string | undefined): Promise<Ports> {
  const { promise, resolve } = Promise.withResolvers<Ports>();
  let text = "";
  stdio?.[3]?.on("data", (data: Buffer) => {
    text = (text + data.toString()).slice(-SHOWN);
    const inspector = INSPECTOR.exec(text)?.[1];
    const port = /"port":\s*(\d+)/.exec(text.replace(INSPECTOR, ""))?.[1];
    if (port === undefined || (inspectorHost !== undefined && inspector === undefined)) return;
    resolve({ port: Number(port), inspector: inspectorHost === undefined ? undefined : `${inspectorHost}:${inspector}` });
  });
  return promise;
}

/**
 * workerd's own inspector accepts every client that knows its address, pages included. On Linux all of 127.0.0.0/8 is this
 * machine, so the address is chosen at random and cannot be guessed; elsewhere the port is chosen at random.
 */
function hiddenLoopback(): string {
  if (process.platform !== "linux") return "127.0.0.1";
  return `127.${[...randomBytes(3)].map((byte) => 1 + (byte % 254)).join(".")}`;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  // Not `exit`: what it has written may come after that.
  const closed = once(child, "close");
  child.kill("SIGKILL");
  await within(KILL_MS, "The end of workerd", closed).catch(() => undefined);
}
