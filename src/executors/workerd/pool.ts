/**
 * The processes that there are. A further one is started when all of those have something to do, up to a number. workerd
 * keeps the memory of isolates that are closed, so a process that has grown gets no new ones, and is ended once it is empty.
 * One more is kept ready, so that what was in a process that has died goes on without waiting for the start of another.
 * A script that was in a process which has hung gets one of its own until it has shown that it was not the cause.
 */
import { readFileSync } from "node:fs";
import { Failure } from "../../model/errors.ts";
import type { HostEnd } from "../../ports/executor.ts";
import type { Output } from "./output.ts";
import { WorkerdProcess, type AnswerLoader, type ProcessSettings } from "./process.ts";

/** How long after the start of a process a spare one is started, in milliseconds: whoever waited for the first has gone on then. */
const SPARE_AFTER_MS = 1_000;

/** What a pool is made of. */
export interface PoolParts {
  readonly processes: number;
  readonly hasSpare: boolean;
  /** A process that takes more memory gets no further isolates, in bytes. */
  readonly fullBytes: number;
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
  readonly #cells: Set<WorkerdProcess> = new Set();
  /** Scripts that are not to share a process. */
  readonly #suspects: Set<string> = new Set();
  /** Scripts whose process has died while they shared it. */
  readonly #diedOnce: Set<string> = new Set();
  #spare: Promise<WorkerdProcess> | undefined;
  #spareTimer: NodeJS.Timeout | undefined;
  /** One is started after the other, so that nobody starts one too many. */
  #starting: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(parts: PoolParts) {
    this.#parts = parts;
  }

  /** The process for a new isolate of a script. */
  async acquire(script: string): Promise<WorkerdProcess> {
    const acquired = this.#starting.then(() => (this.#suspects.has(script) ? this.#start(this.#cells) : this.#pick()));
    this.#starting = acquired.catch(() => undefined);
    return acquired;
  }

  /** Takes in how an isolate of a script has ended. */
  learn(script: string, process: WorkerdProcess, end: HostEnd): void {
    if (end.kind === "hung") this.#suspects.add(script);
    if (end.kind === "died" && end.isShared === true) {
      // One death in company may have any cause; after a second one the scripts are parted.
      if (this.#diedOnce.has(script)) this.#suspects.add(script);
      this.#diedOnce.add(script);
    }
    if (end.kind === "closed") this.#diedOnce.delete(script);
    if (!this.#cells.has(process)) return;
    if (end.kind === "closed" && !process.wasSlow) this.#suspects.delete(script);
    process.retire();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#spareTimer);
    await this.#starting;
    await (await this.#spare?.catch(() => undefined))?.kill({ kind: "closed" });
    await Promise.all([...this.#processes, ...this.#retired, ...this.#cells].map((process) => process.kill({ kind: "closed" })));
  }

  async #pick(): Promise<WorkerdProcess> {
    let best: WorkerdProcess | undefined;
    let usable = 0;
    for (const process of this.#processes) {
      if (residentBytes(process.pid) > this.#parts.fullBytes) {
        this.#endWhenEmpty(process);
        continue;
      }
      usable += 1;
      if (best === undefined || process.hosts < best.hosts) best = process;
    }
    if (best !== undefined && (best.hosts === 0 || usable >= this.#parts.processes)) return best;
    return this.#start(this.#processes);
  }

  async #start(among: Set<WorkerdProcess>): Promise<WorkerdProcess> {
    if (this.#closed) throw new Failure("shutting_down");
    const { settings, output, answer } = this.#parts;
    const spare = await this.#spare?.catch(() => undefined);
    this.#spare = undefined;
    const started =
      spare ??
      (await WorkerdProcess.start(settings, output, answer).catch((cause: unknown) => {
        // Says nothing about the script: whoever wants it may ask again.
        throw new Failure("script.unavailable", { detail: `workerd did not start: ${String(cause)}`, cause });
      }));
    among.add(started);
    void started.ended.then(() => among.delete(started));
    this.#prepare();
    return started;
  }

  #prepare(): void {
    // One that is closing still gets what it was starting, and nothing after that.
    if (!this.#parts.hasSpare || this.#closed) return;
    clearTimeout(this.#spareTimer);
    this.#spareTimer = setTimeout(() => {
      const { settings, output, answer } = this.#parts;
      const spare = WorkerdProcess.start(settings, output, answer);
      const gone = (): void => {
        if (this.#spare === spare) this.#spare = undefined;
      };
      this.#spare = spare;
      spare.then(({ ended }) => ended.then(gone), gone);
    }, SPARE_AFTER_MS);
    this.#spareTimer.unref();
  }

  #endWhenEmpty(process: WorkerdProcess): void {
    this.#processes.delete(process);
    this.#retired.add(process);
    void process.ended.then(() => this.#retired.delete(process));
    process.retire();
  }
}

/** Memory that a process has, where Linux tells it; else 0. */
export function residentBytes(pid: number | undefined): number {
  try {
    const kibibytes = /^VmRSS:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kibibytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}
