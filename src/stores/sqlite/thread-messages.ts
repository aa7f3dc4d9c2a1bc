/** What the store and its writing thread say to one another. Answers come in the order of the questions. */
import type { Batch, BatchResult, Lease } from "../../ports/store.ts";

/** Store to thread. */
export type ToWriter =
  | { readonly type: "commit"; readonly batch: Batch; readonly lease: Lease; readonly nextPk: number }
  | { readonly type: "close" };

/** Thread to store. */
export type FromWriter =
  | { readonly type: "committed"; readonly result: BatchResult; readonly nextPk: number }
  | { readonly type: "closed" }
  /** Somebody else has the lease. */
  | { readonly type: "fenced"; readonly message: string }
  /** Any other error; it has lost its class on the way. */
  | { readonly type: "failed"; readonly cause: unknown };
