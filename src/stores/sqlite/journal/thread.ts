/**
 * The writer in a thread of its own. A commit is mostly waiting for the disk, and here the engine goes on meanwhile:
 * the caller is held up for as long as it takes to copy a batch.
 */
import { Worker } from "node:worker_threads";
import { StoreError } from "../../../model/failures/store-error.ts";
import type { Batch, BatchResult } from "../../../ports/instances/commit.ts";
import type { Lease } from "../../../ports/instances/journal-store.ts";
import type { FromWriter, ToWriter } from "./thread-messages.ts";

interface Waiting {
  readonly resolve: (answer: FromWriter) => void;
  readonly reject: (cause: unknown) => void;
}

/** Batches are dropped as soon as they are written: a larger young generation only keeps more of them in memory. */
const YOUNG_GENERATION_MIB = 8;

export class ThreadWriter {
  readonly #worker: Worker;
  readonly #waiting: Waiting[] = [];
  #ended: Error | undefined;

  constructor(file: string) {
    // Sources run as `.ts`, the published package as `.js`.
    const extension = new URL(import.meta.url).pathname.endsWith(".ts") ? "ts" : "js";
    this.#worker = new Worker(new URL(`./thread-main.${extension}`, import.meta.url), {
      workerData: file,
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB },
    });
    this.#worker.unref();
    this.#worker.on("message", (answer: FromWriter) => this.#settle(answer));
    this.#worker.on("error", (cause) => this.#end(cause instanceof Error ? cause : new Error(String(cause))));
    this.#worker.on("exit", () => this.#end(new Error("The database is closed")));
  }

  /** True when the thread has ended: every commit fails from then on. */
  get over(): boolean {
    return this.#ended !== undefined;
  }

  /** True while a commit is under way or waits. */
  get busy(): boolean {
    return this.#waiting.length > 0;
  }

  /** `nextPk` is where this writer has to go on, and in the answer where the next has to. */
  async commit(batch: Batch, lease: Lease, nextPk: number): Promise<{ result: BatchResult; nextPk: number }> {
    const moved = batch.chunks.map(({ bytes }) => bytes.buffer);
    const answer = await this.#ask({ type: "commit", batch, lease, nextPk }, moved);
    if (answer.type !== "committed") throw failure(answer);
    return answer;
  }

  async close(): Promise<void> {
    // It may end before it has heard that: its connection is closed then as well.
    if (this.#ended === undefined) await this.#ask({ type: "close" }).catch(() => undefined);
    await this.#worker.terminate();
  }

  #ask(message: ToWriter, transfer: readonly ArrayBuffer[] = []): Promise<FromWriter> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      // The process must not end while a commit is awaited.
      if (this.#waiting.push({ resolve, reject }) === 1) this.#worker.ref();
      this.#worker.postMessage(message, transfer);
    });
  }

  #settle(answer: FromWriter): void {
    const waiting = this.#waiting.shift();
    if (this.#waiting.length === 0) this.#worker.unref();
    waiting?.resolve(answer);
  }

  #end(cause: Error): void {
    this.#ended ??= cause;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#ended);
  }
}

function failure(answer: FromWriter): unknown {
  switch (answer.type) {
    case "failed":
      return new StoreError(answer.fault, answer.message);
    case "threw":
      return answer.cause;
    default:
      return new Error(`The writing thread answered ${answer.type}`);
  }
}
