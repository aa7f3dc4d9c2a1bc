/** Concurrency keys: names with a limit, which steps of several workflows are to share. */

export interface ConcurrencyKey {
  readonly id: string;
  /** No two have the same. */
  readonly name: string;
  readonly limit: number;
  readonly createdAt: number;
  readonly modifiedAt: number;
}

export interface ConcurrencyKeys {
  /** The oldest first. */
  concurrencyKeys(): Promise<ConcurrencyKey[]>;
}
