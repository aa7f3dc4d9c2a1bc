/** Data points that Workers write to datasets of Analytics Engine, in a database of their own. */

export interface DataPoint {
  readonly dataset: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly indexes: readonly (string | null)[];
  readonly blobs: readonly (string | null)[];
  readonly doubles: readonly number[];
}

export interface DataPointStore {
  /** Adds points in order. The newest `LIMITS.dataPoints` of a dataset stay, of the `LIMITS.datasets` that were written last. */
  add(points: readonly DataPoint[]): Promise<void>;
  /** The newest of a dataset, newest first. */
  newest(dataset: string, limit: number): Promise<DataPoint[]>;
  close(): Promise<void>;
}
