/** What the engine needs of a database for its journals: the right to write, to commit, and to load. */
import type { Batch, BatchResult, JournalRow } from "./commit.ts";

/** The right to write, won with `acquire`. A commit under an epoch that is no longer the newest is refused. */
export interface Lease {
  readonly owner: string;
  readonly epoch: number;
}

export interface JournalStore {
  /** Takes the right to write from any other owner. */
  acquire(owner: string): Promise<Lease>;
  /**
   * All or nothing, and durable when the promise resolves. Rejects with a `StoreError`: `fenced` under an old epoch; and with
   * any error when the number of a row or of a chunk is taken or a change's `from` is not the stored status. A batch with
   * nothing in it is written all the same: it resolves when the store can be written to.
   */
  commit(batch: Batch, lease: Lease): Promise<BatchResult>;
  /** Rows with `seq > afterSeq` in order: as many as make up `maxBytes`, at least one; none at the end. */
  load(pk: number, afterSeq: number, maxBytes: number): Promise<JournalRow[]>;
  /** The rows with exactly these numbers, in this order: as many as make up `maxBytes`, at least one. */
  rows(pk: number, seqs: readonly number[], maxBytes: number): Promise<JournalRow[]>;
  /** A chunk of a stream; undefined when there is none. One that is void may be there still. */
  chunk(pk: number, stream: number, index: number): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Rejects with a `StoreError` named `gone` when what is written to is not any more where it was opened. Cheap. */
  verify(): Promise<void>;
  close(): Promise<void>;
}
