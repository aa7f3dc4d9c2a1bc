/**
 * The processes that there are. A further one is started when all of those have something to do, up to a number. workerd
 * keeps the memory of isolates that are closed, so a process that has grown gets no new ones, and is ended once it is empty.
 */
import { readFileSync } from "node:fs";
import { Failure } from "../../model/errors.ts";
import type { Output } from "./output.ts";
import { WorkerdProcess, type ProcessSettings } from "./process.ts";

/** What a pool is made of. */
export interface PoolParts {
  readonly processes: number;
  /** A process that takes more memory gets no further isolates, in bytes. */
  readonly fullBytes: number;
  readonly settings: ProcessSettings;
  readonly output: Output;
}

export class Pool {
  readonly #parts: PoolParts;
  readonly #processes: Set<WorkerdProcess> = new Set();
  /** Those that only finish what they have. */
  readonly #retired: Set<WorkerdProcess> = new Set();
  /** One is started after the other, so that nobody starts one too many. */
  #starting: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(parts: PoolParts) {
    this.#parts = parts;
  }

  /** The process for a new isolate. */
  async acquire(): Promise<WorkerdProcess> {
    const acquired = this.#starting.then(() => this.#pick());
    this.#starting = acquired.catch(() => undefined);
    return acquired;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#starting;
    await Promise.all([...this.#processes, ...this.#retired].map((process) => process.kill({ kind: "closed" })));
  }

  async #pick(): Promise<WorkerdProcess> {
    if (this.#closed) throw new Failure("shutting_down");
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
    const { settings, output } = this.#parts;
    const started = await WorkerdProcess.start(settings, output);
    this.#processes.add(started);
    void started.ended.then(() => this.#processes.delete(started));
    return started;
  }

  #endWhenEmpty(process: WorkerdProcess): void {
    this.#processes.delete(process);
    this.#retired.add(process);
    void process.ended.then(() => this.#retired.delete(process));
    process.retire();
  }
}

/** Memory that a process has, where Linux tells it; else 0. */
function residentBytes(pid: number | undefined): number {
  try {
    const kibibytes = /^VmRSS:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kibibytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}
