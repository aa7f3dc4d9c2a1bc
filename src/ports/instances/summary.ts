/** What is known of an instance without its journal. */
import type { InstanceStatus, TriggerSource } from "../../model/instance/status.ts";

/** The fold of an instance's journal, as far as lists and timers need it. All times are epoch milliseconds. */
export interface InstanceSummary {
  /** Given by the store; the key of the journal. */
  readonly pk: number;
  readonly workflow: string;
  readonly id: string;
  readonly status: InstanceStatus;
  readonly versionId: string;
  readonly trigger: TriggerSource;
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** When the next timer of a waiting instance is due; null when it has none. */
  readonly wakeAt: number | null;
  /** From when on an ended instance may be deleted, and counts as not there; null while it has not ended. */
  readonly expiresAt: number | null;
}

/**
 * The part of a summary that changes. All times are whole milliseconds: a commit that has any other fails, and with it
 * everything that shares it.
 */
export type SummaryChange = Pick<
  InstanceSummary,
  "status" | "versionId" | "modifiedAt" | "startedAt" | "endedAt" | "wakeAt" | "expiresAt"
>;
