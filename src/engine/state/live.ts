/**
 * An instance in memory: its folded state, the journal row that it is filling, and the run that works on it, if any.
 * Instances are here while they run or are being asked something; all others are only rows.
 */
import type { Notice } from "../../model/views/notices.ts";
import type { Failure } from "../../model/failures/failure.ts";
import type { EventBody } from "../../model/instance/events.ts";
import type { InstanceState } from "../../model/instance/state.ts";
import type { InstanceStatus } from "../../model/instance/status.ts";
import type { Intake } from "../../model/step/stream.ts";
import type { InstanceSummary } from "../../ports/instances/summary.ts";
import type { HostLink } from "../../workers/hosts/link.ts";

/** What a journal row has: a time, or an event that was recorded then. */
export type RowEntry = number | EventBody;

/** A timer in a heap. */
export interface Timer<T> {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly of: T;
  index: number;
}

/** A journal row that is still being filled, or is being flushed. */
export interface OpenRow {
  readonly live: Live;
  readonly seq: number;
  firstEventId: number;
  /** Events, each group of them after the time at which it was recorded. */
  entries: RowEntry[];
  /** The time of the newest event. */
  timestamp: number;
  /** The status that the summary has in the store. */
  readonly from: InstanceStatus;
  /** True when the summary is to change. */
  changed: boolean;
  restart: boolean;
  /** Notices about a life that the row ends without an event of its own. */
  notices: Notice[] | undefined;
  /** Streams that the row makes void. */
  voids: number[] | undefined;
  /** The newest `events` frame of the run whose facts are in this row; 0 when there is none. */
  ack: number;
  /** Called in order once the row is durable. */
  readonly after: (() => void)[];
  /** Called instead when it never will be. */
  readonly failed: ((cause: Failure) => void)[];
}

/** One activation of an instance in a host. */
export interface Run {
  readonly id: number;
  readonly link: HostLink<Live>;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Retry delays that ended up to here have been signalled. */
  signalledUpTo: number;
  /** Signals to go on or to stop, in frames that are sent or will be once something is durable. */
  signals: number;
  /** True while a window of outcomes is read for it. */
  isReading: boolean;
  /** Chunks that it has asked for and not been sent, and the last one's sending; undefined until there is one. */
  reads: { waiting: number; last: Promise<void> } | undefined;
  /** Streams that attempts of the run are sending, by step; undefined until there is one. */
  intakes: Map<string, RunningIntake> | undefined;
}

/** A stream that is coming in. */
export interface RunningIntake extends Intake {
  /** Its number in the store. */
  readonly stream: number;
  /** True when the instance may not keep what came last, so that the attempt has failed. */
  isFull: boolean;
}

/** What of an instance never changes. */
type Identity = Pick<InstanceSummary, "pk" | "workflow" | "id" | "createdAt">;

export interface Live extends Identity {
  state: InstanceState;
  /** The newest journal row, flushed or not. */
  seq: number;
  row: OpenRow | undefined;
  flushing: OpenRow | undefined;
  run: Run | undefined;
  /** The group of instances with which it shares a host, and with no others, after it was lost with one. */
  group: string | undefined;
  /** True when its run is gone and that has not been recorded yet: the start of the next run records it. */
  leftBehind: boolean;
  /** The life of which a run is about to start; undefined when none is. */
  activating: InstanceState | undefined;
  /** Verbs that are using the instance right now; it stays in memory for them. */
  holds: number;
  /** What `Timers` keeps for it. */
  timer: Timer<Live> | undefined;
  /** Since when it only waits, by `elapsed` of the clock. */
  idleSince: number | null;
  /** Deleted, or given up after a failed commit: nothing more may be recorded. */
  gone: boolean;
}

/** A live instance around a state that the store knows up to row `seq`. It has no run yet. */
export function newLive(of: Identity, state: InstanceState, seq: number): Live {
  return {
    pk: of.pk,
    workflow: of.workflow,
    id: of.id,
    createdAt: of.createdAt,
    state,
    seq,
    row: undefined,
    flushing: undefined,
    run: undefined,
    group: undefined,
    leftBehind: false,
    activating: undefined,
    holds: 0,
    timer: undefined,
    idleSince: null,
    gone: false,
  };
}

/** The name under which an instance is found in memory. Names contain no `/`. */
export function addressKey(workflow: string, id: string): string {
  return `${workflow}/${id}`;
}
