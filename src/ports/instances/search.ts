/** Finds instances by more than an index covers; a search looks at a bounded number of rows and continues from a position. */
import type { InstanceStatus } from "../../model/instance/status.ts";
import type { ErrorSummary } from "../../model/views/error-summary.ts";
import type { InstanceSummary } from "./summary.ts";

/** A filter of instances: all of its conditions must hold. */
export interface InstanceFilter {
  readonly workflow: string;
  readonly status?: InstanceStatus;
  /** Bounds on `createdAt`, inclusive. */
  readonly createdFrom?: number;
  readonly createdTo?: number;
  readonly versionId?: string;
  /** What the id begins with. */
  readonly idPrefix?: string;
  /** What the name and message of the error contain, as far as they are kept; ASCII letters match in either case. */
  readonly errorText?: string;
  readonly fingerprint?: string;
}

/** A place in the order of lists: by `createdAt`, then `pk`. */
export interface Position {
  readonly createdAt: number;
  readonly pk: number;
}

/** Which part of what matches: so many, on from a position. */
export interface SearchPage {
  readonly direction: "asc" | "desc";
  readonly limit: number;
  readonly after?: Position;
}

/** An instance that was searched for, with the error that it has ended with. */
export interface FoundInstance extends InstanceSummary {
  readonly error: ErrorSummary | null;
}

/**
 * A part of what matches, in order. A search looks at a bounded number of instances, so that it may end before it has found
 * enough, or anything: then there is a `next` to go on after all the same. Without one there is no more.
 */
export interface Found {
  readonly items: readonly FoundInstance[];
  readonly next: Position | undefined;
}

/** How many of those that match were counted. As with `Found`: where there is a `next`, there may be more to count. */
export interface Tally {
  readonly count: number;
  readonly next: Position | undefined;
}

export interface InstanceSearch {
  /** Stays quick with any filter and however many instances there are: see `Found`. */
  search(filter: InstanceFilter, page: SearchPage): Promise<Found>;
  /** Counts those that match, from the newest on: a bounded number of them, on from a position, unless the count is kept. */
  tally(filter: InstanceFilter, after?: Position): Promise<Tally>;
}
