/**
 * Where the messages of instances are kept: beside the journal, and less carefully. What has been appended last may be
 * gone after a crash; of an instance the newest `LIMITS.logLines` messages are kept, `LIMITS.logText` characters in all.
 */
import type { AttemptOrigin } from "../../protocol/origin.ts";
import type { ScriptLine } from "../script-log.ts";

/** A message of an instance. */
export interface LogLine extends Pick<ScriptLine, "time" | "level" | "kind" | "text"> {
  /** Of the script version that wrote it. */
  readonly versionId: string;
  /** Absent outside of steps. */
  readonly step?: AttemptOrigin;
}

/** As it is kept: the messages of an instance are numbered from 1, and keep their numbers. */
export interface StoredLine extends LogLine {
  readonly n: number;
}

/** What is kept of an instance. */
export interface KeptLines {
  /** In the order in which they came. */
  readonly lines: readonly StoredLine[];
  /** How many older ones there were that are not kept. */
  readonly dropped: number;
}

/** Messages to be appended to those of an instance, and how many before them were lost already. */
export interface Append {
  /** The instance, by the key that the store has given it. */
  readonly pk: number;
  readonly lines: readonly LogLine[];
  readonly lost: number;
}

/** What is deleted in the store is deleted here, too; what is not there any more gets no messages. */
export interface LogStore {
  append(appends: readonly Append[]): Promise<void>;
  /** Those with a number above `after`. */
  read(pk: number, after: number): Promise<KeptLines>;
}
