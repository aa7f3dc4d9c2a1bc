/** What shares one flush: new instances, rows of journals, chunks of streams, deletions. */
import type { InstanceStatus } from "../../model/instance/status.ts";
import type { ErrorSummary } from "../../model/views/error-summary.ts";
import type { Notice } from "../../model/views/notices.ts";
import type { InstanceSummary, SummaryChange } from "./summary.ts";

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
  /** Kept when the instance is made. Absent when the workflow has no subscribers. */
  readonly notices?: readonly Notice[];
}

/** A row for an existing instance, and what it changes in the summary. */
export interface Append {
  readonly pk: number;
  readonly row: JournalRow;
  /** Absent when the row changes nothing that a list shows. `from` is the status before; `error` goes with `errored`. */
  readonly change?: { readonly from: InstanceStatus; readonly to: SummaryChange; readonly error?: ErrorSummary };
  /** True when the row begins a new life: rows before it are deleted, and streams of earlier events are void. */
  readonly restart?: true;
  /** Kept with the row, until they are removed. */
  readonly notices?: readonly Notice[];
  /** Streams of the instance that are void from now on, by their number. */
  readonly voids?: readonly number[];
}

/** A part of a stream output. The store takes the bytes over: the caller may not use them again. */
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
   * True when there may be void rows or chunks left. Every commit deletes a few of them, because deleting a long journal or
   * a large stream at once would block other commits. An idle caller should make empty commits until this is false.
   */
  readonly isSweeping: boolean;
}
