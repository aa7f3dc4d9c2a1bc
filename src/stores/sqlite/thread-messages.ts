/** What the store and its writing thread say to one another. Answers come in the order of the questions. */
import type { Batch, BatchResult, Lease } from "../../ports/store.ts";

/** Store to thread. */
export type ToWriter =
  | { readonly type: "acquire"; readonly owner: string }
  | { readonly type: "commit"; readonly batch: Batch; readonly lease: Lease }
  | { readonly type: "close" };

/** Thread to store. */
export type FromWriter =
  | { readonly type: "acquired"; readonly lease: Lease }
  | { readonly type: "committed"; readonly result: BatchResult }
  | { readonly type: "closed" }
  /** Somebody else has the lease. */
  | { readonly type: "fenced"; readonly message: string }
  /** Any other error; it has lost its class on the way. */
  | { readonly type: "failed"; readonly cause: unknown };
