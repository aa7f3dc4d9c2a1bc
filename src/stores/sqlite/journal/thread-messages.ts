/** What the store and its writing thread say to one another. Answers come in the order of the questions. */
import type { StoreFault } from "../../../model/failures/store.ts";
import type { Batch, BatchResult } from "../../../ports/instances/commit.ts";
import type { Lease } from "../../../ports/instances/journal-store.ts";

/** Store to thread. */
export type ToWriter =
  | { readonly type: "commit"; readonly batch: Batch; readonly lease: Lease; readonly nextPk: number }
  | { readonly type: "close" };

/** Thread to store. */
export type FromWriter =
  | { readonly type: "committed"; readonly result: BatchResult; readonly nextPk: number }
  | { readonly type: "closed" }
  /** A `StoreError`. */
  | { readonly type: "failed"; readonly fault: StoreFault; readonly message: string }
  /** Any other error; it has lost its class on the way. */
  | { readonly type: "threw"; readonly cause: unknown };
