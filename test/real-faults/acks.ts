/** What the recorded load is asked for, and what it says of its changes. */
import type { SqliteOptions } from "../../src/stores/sqlite/open.ts";

/** What the load is started with, as JSON. */
export interface LoadOptions {
  readonly data: string;
  readonly seed: number;
  readonly rounds: number;
  readonly writer: SqliteOptions["writer"];
  /** Of the changes, how many meet a sync that fails. */
  readonly failedSyncs: number;
  /** Of rows, in characters. */
  readonly rowBytes: number;
  /** The log is left as it is at the end, without a checkpoint. */
  readonly isCutOff?: boolean;
}

/** A line of `acks`. `asked`: it may happen from now on; `done`: it has been acknowledged. */
export type Ack =
  | { readonly done: "create"; readonly ids: readonly string[]; readonly pk: number }
  | { readonly done: "rows" | "chunks"; readonly id: string; readonly last: number }
  | { readonly asked: "remove" | "settle"; readonly id: string }
  | { readonly done: "remove" | "message" | "settle" | "audit"; readonly id: string }
  | { readonly done: "setting"; readonly value: number };

/** The stream that an instance has, and what a chunk of it is filled with: the number of the chunk. */
export const STREAM = 5;
