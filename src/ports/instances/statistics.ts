/** Figures that a store keeps as it commits: errors in groups, and counts by the hour. */
import type { FinalStatus } from "../../model/instance/status.ts";
import type { ErrorSummary } from "../../model/views/error-summary.ts";

/** Errors with one fingerprint, in one workflow: of instances that have ended with one and have not been restarted or deleted. */
export interface ErrorGroup extends ErrorSummary {
  readonly workflow: string;
  readonly instances: number;
  /** When the first and the last of them ended, since there have been any. */
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** The version that the first one ran. */
  readonly firstVersionId: string;
}

/** Which groups of errors: the last seen first. */
export interface GroupQuery {
  readonly workflow?: string;
  readonly fingerprint?: string;
  readonly offset: number;
  readonly limit: number;
}

/** What happened to the instances of a workflow in an hour: how many were created, and how many ended how. */
export type HourlyCount = Readonly<Record<"created" | FinalStatus, number>> & {
  readonly workflow: string;
  /** When the hour begins, in epoch milliseconds. */
  readonly hour: number;
};

export interface InstanceStatistics {
  errorGroups(query: GroupQuery): Promise<ErrorGroup[]>;
  /** Of a workflow, or of all, from the hour of a moment on, in order; hours in which nothing happened are absent. */
  hourly(from: number, workflow?: string): Promise<HourlyCount[]>;
}
