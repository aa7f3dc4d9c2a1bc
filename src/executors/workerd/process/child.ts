/** A child process of workerd: how it is started, how its end is seen, and how it is ended. Each of that takes a bounded time. */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../../../model/failures/failure.ts";
import { BINARY } from "./binary.ts";
import { within } from "./deadline.ts";
import { hold, release } from "./cleanup.ts";
import type { Output } from "./output.ts";

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
  /** When this aborts while the child starts, it is ended. */
  readonly signal?: AbortSignal | undefined;
}

export class WorkerdChild {
  readonly pid: number;
  /** The port that it has chosen; 0 when it listens on a socket of the file system. */
  readonly port: number;
  /** Where its isolates can be debugged, like `127.0.0.1:9229`; only when that was asked for. */
  readonly inspector: string | undefined;
  /** Resolves with how it ended; never rejects. */
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;
  #killedFor: string | undefined;

  private constructor(child: ChildProcess, pid: number, { port, inspector }: Ports, ended: Promise<string>) {
    this.#child = child;
    this.pid = pid;
    this.port = port;
    this.inspector = inspector;
    this.ended = ended.then((how) => this.#killedFor ?? how);
  }

  /** Resolves when it listens. Rejects with `Failure("executor.not_started")`, or with the reason of the signal; it is gone then. */
  static async start({ config, folder, output, startMs, isInspected = false, signal }: ChildParts): Promise<WorkerdChild> {
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
    const ended = endOf(child);
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
      return new WorkerdChild(child, pid, ports, ended);
    } catch (cause) {
      await kill(child);
      signal?.throwIfAborted();
      const reason = [(cause as Error).message, said()].filter((text) => text !== "").join(": ");
      throw new Failure("executor.not_started", { detail: `workerd did not start. ${reason}`, cause });
    } finally {
      over.abort();
    }
  }

  /** True from the moment at which it is killed, sooner than its end is known. */
  get isEnding(): boolean {
    return this.#child.killed || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Ends it at once, for a reason that `ended` then gives. Resolves when it is gone. */
  kill(reason?: string): Promise<void> {
    if (!this.isEnding) this.#killedFor = reason;
    return kill(this.#child);
  }
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
