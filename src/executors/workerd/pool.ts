/** The processes that there are. A further one is started when all of those have something to do, up to a number. */
import { Failure } from "../../model/errors.ts";
import type { Output } from "./output.ts";
import { WorkerdProcess, type ProcessSettings } from "./process.ts";

/** What a pool is made of. */
export interface PoolParts {
  readonly processes: number;
  readonly settings: ProcessSettings;
  readonly output: Output;
}

export class Pool {
  readonly #parts: PoolParts;
  readonly #processes: Set<WorkerdProcess> = new Set();
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
    await Promise.all([...this.#processes].map((process) => process.kill({ kind: "closed" })));
  }

  async #pick(): Promise<WorkerdProcess> {
    if (this.#closed) throw new Failure("shutting_down");
    let best: WorkerdProcess | undefined;
    for (const process of this.#processes) if (best === undefined || process.hosts < best.hosts) best = process;
    if (best !== undefined && (best.hosts === 0 || this.#processes.size >= this.#parts.processes)) return best;
    const { settings, output } = this.#parts;
    const started = await WorkerdProcess.start(settings, output);
    this.#processes.add(started);
    void started.ended.then(() => this.#processes.delete(started));
    return started;
  }
}
