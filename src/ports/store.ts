/**
 * What the engine needs of a database: to commit, to load, and to find what is due.
 *
 * A store decides nothing. It appends journal rows, keeps one summary row an instance for lists and timers, and counts
 * statuses as it goes. One contract suite (`test/contracts/store.ts`) holds for every implementation.
 */
import type { ErrorSummary } from "../model/views/error-summary.ts";
import { Failure } from "../model/failures/failure.ts";
import type { Notice } from "../model/views/notices.ts";
import type { InstanceStatus, TriggerSource } from "../model/instance/status.ts";
import { isStoreFault, type StoreFault } from "../model/failures/store.ts";

/** The right to write, won with `acquire`. A commit under an epoch that is no longer the newest is refused. */
export interface Lease {
  readonly owner: string;
  readonly epoch: number;
}

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

/** One commit of one instance: a JSON array of events, the first of which has `firstEventId`. */
export interface JournalRow {
  /** 1-based and without gaps within a life of an instance; grows across restarts. */
  readonly seq: number;
  readonly firstEventId: number;
  readonly events: string;
}

/** An instance to be made, with the first row of its journal. */
export interface NewInstance {
  readonly summary: Omit<InstanceSummary, "pk">;
  readonly row: JournalRow;
  /** Where it is errored from the beginning: what was imported. */
  readonly error?: ErrorSummary;
  /** Kept when the instance is made. Absent when nobody has subscribed to the workflow. */
  readonly notices?: readonly Notice[];
}

/** A row for an existing instance, and what it changes in the summary. */
export interface Append {
  readonly pk: number;
  readonly row: JournalRow;
  /** Absent when the row changes nothing that a list shows. `from` is the status before; `error` belongs to the status `errored`. */
  readonly change?: { readonly from: InstanceStatus; readonly to: SummaryChange; readonly error?: ErrorSummary };
  /** True when the row begins a new life: rows before it are deleted, and streams of earlier events are void. */
  readonly restart?: true;
  /** Kept with the row, until they are removed. */
  readonly notices?: readonly Notice[];
  /** Streams of the instance that are void from now on, by their number. */
  readonly voids?: readonly number[];
}

/** A notice as it is kept; keys grow, and none is given twice. */
export interface StoredNotice extends Notice {
  readonly pk: number;
}

/** A part of a stream output. The store takes the bytes over: whoever handed them in may not use them again. */
export interface Chunk {
  readonly pk: number;
  /** Which stream of the instance; numbers grow, and are event ids (`model/step/stream.ts`). */
  readonly stream: number;
  /** From 0. */
  readonly index: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Everything that shares one flush; applied in the order of the fields. */
export interface Batch {
  readonly creates: readonly NewInstance[];
  readonly chunks: readonly Chunk[];
  readonly appends: readonly Append[];
  /** Primary keys of instances to delete whole; their streams are void. One that does not exist is passed over. */
  readonly removes: readonly number[];
}

/** For each of `Batch.creates`: the new primary key, or `"exists"` when workflow and id are taken. */
export interface BatchResult {
  readonly created: readonly (number | "exists")[];
  /**
   * True when there may be void rows or chunks left. Every commit deletes a few of them — a long journal or a large stream
   * at once would hold everybody up — so whoever has nothing else to commit should commit nothing until this is false.
   */
  readonly isSweeping: boolean;
}

/** Which instances to list. Bounds on `createdAt` are inclusive. */
export interface ListQuery {
  readonly workflow: string;
  readonly status?: InstanceStatus;
  readonly createdFrom?: number;
  readonly createdTo?: number;
  readonly direction: "asc" | "desc";
  readonly limit: number;
  /** Skip so many … */
  readonly offset?: number;
  /** … or go on after this one (the order is by `createdAt`, then `pk`). */
  readonly after?: { readonly createdAt: number; readonly pk: number };
}

/** Which instances are meant: those that are all of it. */
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
export interface HourlyCount {
  readonly workflow: string;
  /** When the hour begins, in epoch milliseconds. */
  readonly hour: number;
  readonly created: number;
  readonly complete: number;
  readonly errored: number;
  readonly terminated: number;
}

/** How long counts of an hour are kept, in milliseconds. */
export const HOURLY_KEPT_MS: number = 48 * 3_600_000;

/**
 * What the scheduler looks for, oldest first:
 * `interrupted` — running, waitingForPause or rollingBack, for whoever takes over after a crash; `due` — waiting with
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

export interface Store {
  /** Takes the right to write, ending everybody else's. */
  acquire(owner: string): Promise<Lease>;
  /**
   * All or nothing, and durable when the promise resolves. Rejects with a `StoreError`: `fenced` under an old epoch; and with
   * any error when the number of a row or of a chunk is taken or a change's `from` is not the stored status. A batch with
   * nothing in it is written all the same: it resolves when the store can be written to.
   */
  commit(batch: Batch, lease: Lease): Promise<BatchResult>;
  find(workflow: string, id: string): Promise<InstanceSummary | undefined>;
  /** Rows with `seq > afterSeq` in order: as many as make up `maxBytes`, at least one; none at the end. */
  load(pk: number, afterSeq: number, maxBytes: number): Promise<JournalRow[]>;
  /** The rows with exactly these numbers, in this order: as many as make up `maxBytes`, at least one. */
  rows(pk: number, seqs: readonly number[], maxBytes: number): Promise<JournalRow[]>;
  /** A chunk of a stream; undefined when there is none. One that is void may be there still. */
  chunk(pk: number, stream: number, index: number): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /**
   * `after` is the last primary key of the page before; only `interrupted` pages that way. `skip` names workflows whose
   * instances are passed over; only `due` and `queued` do that.
   */
  ready(kind: ReadyKind, now: number, limit: number, after?: number, skip?: readonly string[]): Promise<InstanceSummary[]>;
  /** The earliest `wakeAt` of any waiting instance that is later than `after`. */
  nextWake(after: number): Promise<number | undefined>;
  /** Instances with `expiresAt <= until`, the earliest first. */
  expiring(until: number, limit: number): Promise<InstanceSummary[]>;
  list(query: ListQuery): Promise<InstanceSummary[]>;
  /** Instances of a workflow whose ids begin so, by id. Finding the first few is cheap however many there are. */
  beginningWith(workflow: string, idPrefix: string, limit: number): Promise<InstanceSummary[]>;
  /** How many instances match, `cap` at the most when they have to be counted one by one. */
  count(query: Pick<ListQuery, "workflow" | "status" | "createdFrom" | "createdTo">, cap: number): Promise<number>;
  /** Stays quick with any filter and however many instances there are: see `Found`. */
  search(filter: InstanceFilter, page: SearchPage): Promise<Found>;
  /** Counts those that match, from the newest on: a bounded number of them, on from a position, unless the count is kept. */
  tally(filter: InstanceFilter, after?: Position): Promise<Tally>;
  errorGroups(query: GroupQuery): Promise<ErrorGroup[]>;
  /** Of a workflow, or of all, from the hour of a moment on, in order; hours in which nothing happened are absent. */
  hourly(from: number, workflow?: string): Promise<HourlyCount[]>;
  /** Instances of a workflow, or of all, by status; statuses without any are absent. */
  statusCounts(workflow?: string): Promise<Partial<Record<InstanceStatus, number>>>;
  /** Of the next `limit` instances after the primary key `after`. */
  versionsInUse(after: number, limit: number): Promise<VersionsInUse>;
  /** The notices of commits that have not been removed, in order. */
  notices(limit: number): Promise<StoredNotice[]>;
  /** Removes those up to this key. */
  removeNotices(upTo: number): Promise<void>;
  /** Rejects with a `StoreError` named `gone` when what is written to is not any more where it was opened. Cheap. */
  verify(): Promise<void>;
  close(): Promise<void>;
}

/**
 * A store cannot do what it is asked; `fault` says why. Under `fenced` and `gone` it never will again. A promise that rejects
 * says nothing about whether the change was made: the answer may be what got lost.
 */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly fault: StoreFault;

  constructor(fault: StoreFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}

/** True for what says nothing of the request but that the store does not work: it may be repeated. */
export function isStoreTrouble(cause: unknown): cause is StoreError | Failure {
  return cause instanceof StoreError || (cause instanceof Failure && isStoreFault(cause.failure));
}

/** What keeps a store from working, as clients are told. An error that no store has put into words is `store.failed`. */
export function storeFailure(cause: unknown, retryAfterMs?: number): Failure {
  const fault = cause instanceof StoreError ? cause.fault : "failed";
  return new Failure(`store.${fault}`, { cause, ...(retryAfterMs !== undefined && { retryAfterMs }) });
}
