/**
 * The processes that there are. A further one is started when all of those have something to do, up to a number. workerd
 * keeps the memory of isolates that are closed, and scripts may take any amount besides their heaps, so a process that has
 * grown gets no new isolates, hands over what it has, and is ended once it is empty.
 * One more is kept ready, so that what was in a process that has died goes on without waiting for the start of another.
 * A script that was in a process which has hung gets one of its own until it has shown that it was not the cause.
 */
import type { HostEnd } from "../../../ports/executor.ts";
import { reasonOf } from "../child/child.ts";
import type { Output } from "./output.ts";
import { WorkerdProcess, type AnswerLoader, type ProcessSettings } from "./process.ts";

/** How long after the start of a process a spare one is started, in milliseconds: callers of the first have continued by then. */
const SPARE_AFTER_MS = 1_000;

/** What a pool is made of. */
export interface PoolParts {
  readonly processes: number;
  readonly hasSpare: boolean;
  readonly settings: ProcessSettings;
  readonly output: Output;
  readonly answer: AnswerLoader;
}

export class Pool {
  readonly #parts: PoolParts;
  readonly #processes: Set<WorkerdProcess> = new Set();
  /** Those that only finish what they have. */
  readonly #retired: Set<WorkerdProcess> = new Set();
  /** Those of one script each. */
  readonly #dedicated: Set<WorkerdProcess> = new Set();
  /** Scripts that are not to share a process. */
  readonly #quarantined: Set<string> = new Set();
  /** Scripts whose process has died while they shared it. */
  readonly #diedOnce: Set<string> = new Set();
  #spare: Promise<WorkerdProcess> | undefined;
  #spareTimer: NodeJS.Timeout | undefined;
  /** Processes are started one after the other, so that none is started too many. */
  #starting: Promise<unknown> = Promise.resolve();
  /** The last start that failed, and when. */
  #failed: { readonly at: number; readonly cause: unknown } | undefined;

  constructor(parts: PoolParts) {
    this.#parts = parts;
  }

  /** The process for a new isolate of a script. */
  async acquire(script: string): Promise<WorkerdProcess> {
    const asked = performance.now();
    const acquired = this.#starting.then(() =>
      this.#quarantined.has(script) ? this.#start(this.#dedicated, asked) : this.#pick(asked),
    );
    this.#starting = acquired.catch(() => undefined);
    return acquired;
  }

  /** Takes in how an isolate of a script has ended. After one that `diedAlone` its process gets no further ones. */
  learn(script: string, process: WorkerdProcess, end: HostEnd, diedAlone: boolean): void {
    if (diedAlone && this.#processes.has(process)) this.#endWhenEmpty(process);
    if (end.kind === "hung") this.#quarantined.add(script);
    if (end.kind === "died" && end.isShared === true) {
      // One death in company may have any cause; after a second one the scripts are parted.
      if (this.#diedOnce.has(script)) this.#quarantined.add(script);
      this.#diedOnce.add(script);
    }
    if (end.kind === "closed") this.#diedOnce.delete(script);
    if (!this.#dedicated.has(process)) return;
    if (end.kind === "closed" && !process.wasSlow) this.#quarantined.delete(script);
    process.retire();
  }

  /** Starts the spare process, and resolves when it answers. Rejects with `Failure("executor.not_started")`. */
  async warm(): Promise<void> {
    this.#spare ??= this.#startSpare();
    await this.#spare;
  }

  /** To be called once the `closing` of its settings is aborted. */
  async close(): Promise<void> {
    clearTimeout(this.#spareTimer);
    await this.#starting;
    await (await this.#spare?.catch(() => undefined))?.close();
    await Promise.all([...this.#processes, ...this.#retired, ...this.#dedicated].map((process) => process.close()));
  }

  async #pick(asked: number): Promise<WorkerdProcess> {
    let best: WorkerdProcess | undefined;
    let usable = 0;
    for (const process of this.#processes) {
      if (await process.isFull()) {
        this.#endWhenEmpty(process);
        continue;
      }
      usable += 1;
      if (best === undefined || process.hosts < best.hosts) best = process;
    }
    if (best !== undefined && (best.hosts === 0 || usable >= this.#parts.processes)) return best;
    return this.#start(this.#processes, asked);
  }

  /** `asked` is when the process was asked for: a start that has failed since then counts, as the next would take as long. */
  async #start(among: Set<WorkerdProcess>, asked: number): Promise<WorkerdProcess> {
    this.#parts.settings.closing.throwIfAborted();
    const spare = await this.#spare?.catch(() => undefined);
    this.#spare = undefined;
    if (spare === undefined && this.#failed !== undefined && this.#failed.at > asked) throw this.#failed.cause;
    const started = spare ?? (await this.#startProcess().catch((cause: unknown) => this.#fail(cause)));
    among.add(started);
    void started.ended.then(() => among.delete(started));
    void started.full.then(() => this.#endWhenEmpty(started));
    this.#prepare();
    return started;
  }

  #startProcess(): Promise<WorkerdProcess> {
    const { settings, output, answer } = this.#parts;
    return WorkerdProcess.start(settings, output, answer);
  }

  /** It says nothing about the script, which may be opened again. */
  #fail(cause: unknown): never {
    this.#parts.settings.closing.throwIfAborted();
    this.#failed = { at: performance.now(), cause };
    this.#parts.output.write(undefined, reasonOf(cause), "error");
    throw cause;
  }

  #prepare(): void {
    // One that is closing still gets what it was starting, and nothing after that.
    if (!this.#parts.hasSpare || this.#parts.settings.closing.aborted) return;
    clearTimeout(this.#spareTimer);
    this.#spareTimer = setTimeout(() => (this.#spare ??= this.#startSpare()), SPARE_AFTER_MS);
    this.#spareTimer.unref();
  }

  #startSpare(): Promise<WorkerdProcess> {
    const spare = this.#startProcess();
    const gone = (): void => {
      if (this.#spare === spare) this.#spare = undefined;
    };
    spare.then(({ ended }) => ended.then(gone), gone);
    return spare;
  }

  #endWhenEmpty(process: WorkerdProcess): void {
    this.#processes.delete(process);
    this.#retired.add(process);
    void process.ended.then(() => this.#retired.delete(process));
    process.retire();
  }
}
