/** Instances, rows and batches to try a store with: what the parts of the contract share. */
import type { InstanceStatus } from "../../src/model/instance/status.ts";
import type { Catalog } from "../../src/ports/catalog/catalog.ts";
import type { LogStore } from "../../src/ports/logs/instance-logs.ts";
import type { Store } from "../../src/ports/store.ts";
import type { Append, Batch, BatchResult, JournalRow, NewInstance } from "../../src/ports/instances/commit.ts";
import type { InstanceSummary } from "../../src/ports/instances/summary.ts";
import type { Lease } from "../../src/ports/instances/journal-store.ts";

/** A new, empty store; `close` closes it and takes away whatever it left. */
export interface OpenedStore {
  readonly store: Store;
  readonly catalog: Catalog;
  readonly logs: LogStore;
  close(): Promise<void>;
}

/** The moment at which samples are made, in epoch milliseconds. */
export const SAMPLE_NOW = 1_780_000_000_000;

/** A row of about `bytes` characters; its one event is no real one. */
export function sampleRow(seq: number, bytes = 2): JournalRow {
  return { seq, firstEventId: seq * 2 - 1, events: `[${"1".repeat(Math.max(0, bytes - 2))}]` };
}

/** A queued instance of the workflow `orders`, unless it is to be another one. */
export function sampleInstance(id: string, about: Partial<Omit<InstanceSummary, "pk">> = {}): NewInstance {
  const summary = {
    workflow: "orders",
    id,
    status: "queued" as const,
    versionId: "version-1",
    trigger: "api" as const,
    createdAt: SAMPLE_NOW,
    modifiedAt: SAMPLE_NOW,
    startedAt: null,
    endedAt: null,
    wakeAt: null,
    expiresAt: null,
    ...about,
  };
  return { summary, row: sampleRow(1) };
}

/** A row that moves an instance from one status to another. */
export function sampleChange(
  pk: number,
  seq: number,
  from: InstanceStatus,
  to: InstanceStatus,
  wakeAt: number | null = null,
): Append {
  const change = {
    status: to,
    versionId: "version-1",
    modifiedAt: SAMPLE_NOW + seq,
    startedAt: SAMPLE_NOW + 1,
    endedAt: null,
    wakeAt,
    expiresAt: null,
  };
  return { pk, row: sampleRow(seq), change: { from, to: change } };
}

/** A store that has been acquired, with shorter verbs. */
export interface SampleWriter {
  readonly lease: Lease;
  readonly commit: (batch: Partial<Batch>) => Promise<BatchResult>;
  /** Creates instances and answers their primary keys; fails if one exists already. */
  readonly create: (...instances: readonly NewInstance[]) => Promise<number[]>;
}

/** Acquires a store to write samples to it. */
export async function sampleWriter(store: Store): Promise<SampleWriter> {
  const lease = await store.acquire("contract");
  const commit = (batch: Partial<Batch>): Promise<BatchResult> =>
    store.commit({ creates: [], chunks: [], appends: [], removes: [], ...batch }, lease);
  return {
    lease,
    commit,
    create: async (...creates) => {
      const { created } = await commit({ creates });
      return created.map((pk) => {
        if (pk === "exists") throw new Error("The sample exists already");
        return pk;
      });
    },
  };
}
