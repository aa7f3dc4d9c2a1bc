/**
 * Changes images in processes of their own: decoders are the usual victims of prepared images, and neither their memory nor their time is
 * in the hands of this process. A process does one thing at a time, is killed when that takes too long, and ends when it is not needed.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { LIMITS } from "../model/limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { ImageOutcome, ImageProcessor, ImageWork } from "../ports/images.ts";
import type { Log } from "../ports/log.ts";

/** How long an unused process is kept, in milliseconds. */
const IDLE_MS = 10_000;

/** How long the kernel may take to end one that has been killed, in milliseconds. */
const KILL_MS = 10_000;

/** The most memory that a process may take: images of the largest size take 1.5 GB. */
const MEMORY_BYTES = 2 * 1024 ** 3;

interface Parts {
  readonly clock: Clock;
  readonly log: Log;
  /** Of a process. Default: 2 GiB, or a quarter of what the system gives this process, if that is less. */
  readonly memoryBytes?: number;
}

/** A piece of work. What is first said to have come of it counts. */
interface Job {
  readonly work: ImageWork;
  readonly settle: (outcome: ImageOutcome) => void;
  readonly settled: Promise<ImageOutcome>;
}

export class ImageProcesses implements ImageProcessor {
  readonly #parts: Parts;
  readonly #waiting: Set<Job> = new Set();
  readonly #all: Set<ChildProcess> = new Set();
  /** Those without work, and what keeps them from being ended. */
  readonly #idle: Map<ChildProcess, () => void> = new Map();
  #busy = 0;
  #isClosed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Of the processes that there are. */
  get pids(): number[] {
    return Array.from(this.#all, ({ pid }) => pid ?? 0);
  }

  async run(work: ImageWork): Promise<ImageOutcome> {
    if (this.#isClosed) return STOPPING;
    if (this.#waiting.size >= LIMITS.imagesWaiting) return failed(9522, "Too many images are being changed");
    const { promise: settled, resolve: settle } = Promise.withResolvers<ImageOutcome>();
    const job = { work, settled, settle };
    const { clock } = this.#parts;
    const stop = clock.alarm(clock.now() + LIMITS.imageMs, () => settle(TOO_LONG));
    this.#waiting.add(job);
    this.#next();
    const outcome = await settled;
    stop();
    this.#waiting.delete(job);
    return outcome;
  }

  /** What is under way fails. Resolves when the processes are gone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { settle } of this.#waiting) settle(STOPPING);
    await Promise.all(Array.from(this.#all, kill));
  }

  #next(): void {
    const [job] = this.#waiting;
    if (job === undefined || this.#busy >= LIMITS.imagesAtOnce || this.#isClosed) return;
    this.#waiting.delete(job);
    void this.#work(job);
  }

  async #work({ work, settle, settled }: Job): Promise<void> {
    this.#busy += 1;
    const child = this.#take();
    const outcome = await Promise.race([answerOf(child, work), settled.then(() => undefined)]);
    settle(outcome ?? ENDED);
    if (outcome === undefined) await kill(child);
    else this.#keep(child);
    this.#busy -= 1;
    this.#next();
  }

  #take(): ChildProcess {
    const [known] = this.#idle;
    if (known === undefined) return this.#start();
    const [child, stay] = known;
    stay();
    this.#idle.delete(child);
    return child;
  }

  #keep(child: ChildProcess): void {
    const { clock } = this.#parts;
    this.#idle.set(
      child,
      clock.alarm(clock.now() + IDLE_MS, () => void kill(child)),
    );
  }

  #start(): ChildProcess {
    const { memoryBytes = Math.min(MEMORY_BYTES, Math.min(process.constrainedMemory() || Infinity, totalmem()) / 4) } =
      this.#parts;
    // Sources run as `.ts`, the published package as `.js`.
    const extension = new URL(import.meta.url).pathname.endsWith(".ts") ? "ts" : "js";
    const child = fork(fileURLToPath(new URL(`./process-main.${extension}`, import.meta.url)), [String(memoryBytes)], {
      // Nothing of the server's own; and Ctrl-C in a terminal is for the server.
      env: {},
      execArgv: [],
      detached: process.platform !== "win32",
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      serialization: "advanced",
    });
    this.#all.add(child);
    child.unref();
    child.channel?.unref();
    child.on("error", (cause) => this.#gone(child, cause.message));
    child.on("exit", (code, signal) => this.#gone(child, child.killed ? undefined : (signal ?? `code ${code}`)));
    return child;
  }

  #gone(child: ChildProcess, reason: string | undefined): void {
    this.#all.delete(child);
    this.#idle.get(child)?.();
    this.#idle.delete(child);
    if (reason !== undefined) this.#parts.log.warn("A process that changes images has ended", { detail: reason });
  }
}

const STOPPING = failed(9523, "The server is stopping");
const TOO_LONG = failed(9522, `Changing the image took longer than ${LIMITS.imageMs / 1_000} seconds`);
const ENDED = failed(9523, "The process that changed the image has ended, as it does when an image needs too much memory");

function failed(code: number, message: string): ImageOutcome {
  return { failed: { code, message } };
}

/** Undefined when it ends without one. */
async function answerOf(child: ChildProcess, work: ImageWork): Promise<ImageOutcome | undefined> {
  const { promise, resolve } = Promise.withResolvers<ImageOutcome | undefined>();
  const ended = (): void => resolve(undefined);
  child.once("message", resolve).once("exit", ended).once("error", ended);
  child.send(work, (cause) => {
    if (cause !== null) ended();
  });
  const outcome = await promise;
  child.off("message", resolve).off("exit", ended).off("error", ended);
  return outcome;
}

/** Resolves when it is gone; one that the kernel does not end is not waited for. */
async function kill(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit", { signal: AbortSignal.timeout(KILL_MS) }).catch(() => {});
  child.kill("SIGKILL");
  await gone;
}
