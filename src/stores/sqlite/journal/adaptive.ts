/**
 * Two writers for one file. A commit of a few rows is mostly waiting for the disk, and when there are no other commits the engine
 * has nothing else to do meanwhile: it writes the commit itself, which saves two hops between threads (0.95 → 0.7 ms for a step
 * alone in the engine). Commits with more than a few waiters are written by the thread, beside the engine's work. Only one of the
 * two writes at a time, so commits keep their order.
 */
import type { Batch, BatchResult } from "../../../ports/instances/commit.ts";
import type { Lease } from "../../../ports/instances/journal-store.ts";
import { connectWriter } from "../connection/database.ts";
import { ThreadWriter } from "./thread.ts";
import { Writer } from "./writer.ts";

/** Rows up to which a commit is small. */
const SMALL_ROWS = 4;

/** Small commits in a row before they are written here: each change of writer costs the next one its page cache. */
const SMALL_BEFORE = 8;

/** A disk on which a small commit takes longer holds the engine up too much, in milliseconds. */
const SLOW_MS = 5;

/** Commits that the thread then gets before the disk is tried again. */
const SLOW_COMMITS = 1_000;

export class AdaptiveWriter {
  readonly #file: string;
  #thread: ThreadWriter;
  readonly #here: Writer;
  #smallInARow = 0;
  #closed = false;

  constructor(file: string) {
    this.#here = new Writer(connectWriter(file));
    this.#file = file;
    this.#thread = new ThreadWriter(file);
  }

  acquire(owner: string): Lease {
    return this.#here.acquire(owner);
  }

  async commit(batch: Batch, lease: Lease): Promise<BatchResult> {
    const rows = batch.creates.length + batch.appends.length + batch.removes.length;
    this.#smallInARow = rows <= SMALL_ROWS && batch.chunks.length === 0 ? this.#smallInARow + 1 : Math.min(0, this.#smallInARow);
    if (this.#smallInARow > SMALL_BEFORE && !this.#thread.busy) return this.#commitHere(batch, lease);
    // It should not end before it is closed; should it run out of memory, say, another one goes on.
    if (this.#thread.over && !this.#closed) this.#thread = new ThreadWriter(this.#file);
    const { result, nextPk } = await this.#thread.commit(batch, lease, this.#here.nextPk);
    this.#here.nextPk = Math.max(this.#here.nextPk, nextPk);
    return result;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#here.close();
    await this.#thread.close();
  }

  #commitHere(batch: Batch, lease: Lease): BatchResult {
    const begun = performance.now();
    try {
      return this.#here.commit(batch, lease);
    } finally {
      if (performance.now() - begun > SLOW_MS) this.#smallInARow = -SLOW_COMMITS;
    }
  }
}
