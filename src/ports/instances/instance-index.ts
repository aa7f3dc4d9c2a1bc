/** Finds instances without their journals: by id, by page, and by what they wait for. */
import type { InstanceStatus } from "../../model/instance/status.ts";
import type { InstanceSummary } from "./summary.ts";
import type { InstanceFilter, SearchPage } from "./search.ts";

/** Which instances are listed and counted: the filters that one index covers. */
export type ListFilter = Pick<InstanceFilter, "workflow" | "status" | "createdFrom" | "createdTo">;

/** Which instances to list. */
export interface ListQuery extends ListFilter, SearchPage {
  /** Skip so many, where the page does not go on from a position. */
  readonly offset?: number;
}

/**
 * What the scheduler looks for, oldest first:
 * `interrupted` — running, waitingForPause or rollingBack, for recovery after a crash; `due` — waiting with
 * `wakeAt <= now`; `queued` — not begun, or resumed and waiting for a place. Finding the next few must stay cheap
 * however many there are, also when nearly all of them are instances of workflows that are passed over.
 */
export type ReadyKind = "interrupted" | "due" | "queued";

/** Versions of workflows that some instances have: by those that have ended, and by others. */
export interface VersionsInUse {
  readonly living: readonly string[];
  readonly ended: readonly string[];
  /** The last primary key that was looked at; undefined when there are no more. */
  readonly last: number | undefined;
}

export interface InstanceIndex {
  find(workflow: string, id: string): Promise<InstanceSummary | undefined>;
  list(query: ListQuery): Promise<InstanceSummary[]>;
  /** Instances of a workflow whose ids begin so, by id. Finding the first few is cheap however many there are. */
  beginningWith(workflow: string, idPrefix: string, limit: number): Promise<InstanceSummary[]>;
  /** How many instances match, `cap` at the most when they have to be counted one by one. */
  count(query: ListFilter, cap: number): Promise<number>;
  /** Instances of a workflow, or of all, by status; statuses without any are absent. */
  statusCounts(workflow?: string): Promise<Partial<Record<InstanceStatus, number>>>;
  /**
   * `after` is the last primary key of the page before; only `interrupted` pages that way. `skip` names workflows whose
   * instances are passed over; only `due` and `queued` do that.
   */
  ready(kind: ReadyKind, now: number, limit: number, after?: number, skip?: readonly string[]): Promise<InstanceSummary[]>;
  /** The earliest `wakeAt` of any waiting instance that is later than `after`. */
  nextWake(after: number): Promise<number | undefined>;
  /** Instances with `expiresAt <= until`, the earliest first. */
  expiring(until: number, limit: number): Promise<InstanceSummary[]>;
  /** Of the next `limit` instances after the primary key `after`. */
  versionsInUse(after: number, limit: number): Promise<VersionsInUse>;
}
