/**
 * The commit path: events recorded during a flush share the next one.
 *
 * Recording folds the events into the instance at once, so that the next decision sees them. No acknowledgement, reply or
 * outcome leaves the engine before the store reports the events durable. All events of an instance that share a flush
 * share a row.
 *
 * The events of a failed commit are lost: its instances are read again, and its requests refused. From then on an empty commit
 * is tried from time to time; rows that runs record meanwhile wait until one succeeds.
 */
import type { EventBody } from "../../model/instance/events.ts";
import { evolve } from "../../model/instance/evolve.ts";
import { holdsPlace } from "../../model/instance/status.ts";
import { streamsCutOff } from "../../model/step/void-streams.ts";
import type { Failure } from "../../model/failures/failure.ts";
import { storeFailure } from "../../model/failures/store-error.ts";
import type { Batch, Chunk, NewInstance } from "../../ports/instances/commit.ts";
import { isNoted, nextWakeStored, rowNotices, toAppend } from "./append.ts";
import type { World } from "../state/world.ts";
import type { Live, OpenRow } from "../state/live.ts";
import type { Watchers } from "./watch.ts";

interface PendingCreate {
  readonly instance: NewInstance;
  readonly done: (created: number | "exists") => void;
  readonly failed: (cause: Failure) => void;
}

interface PendingChunk {
  readonly live: Live;
  readonly chunk: Chunk;
  readonly done: () => void;
}

interface PendingRemove {
  readonly pk: number;
  readonly done: () => void;
  readonly failed: (cause: Failure) => void;
}

interface Group {
  readonly creates: PendingCreate[];
  chunks: PendingChunk[];
  readonly rows: OpenRow[];
  readonly removes: PendingRemove[];
}

/**
 * Rows to a commit, about: while one commit is written, the instances of the one before it are at work again. Larger
 * commits save hardly anything, and all their callers wait for the whole commit.
 */
const MAX_ROWS = 256;

/** Chunks of streams to a commit: each of them is written as slowly as dozens of rows. */
const MAX_CHUNKS = 32;

/** What the journal writes with. */
export interface JournalParts extends Pick<World, "store" | "lease" | "clock" | "health" | "policies" | "notices"> {
  readonly watchers: Watchers;
}

/** What the layer above does when rows are durable or lost. */
export interface JournalListener {
  /** A row is durable; its `after` callbacks have run. */
  flushed(live: Live): void;
  /** What was recorded is lost: the instance in memory is ahead of the store and must be given up. */
  lost(live: Live): void;
  /** It is not known whether instances have been created: there may be some in the store that are not in memory. */
  unsure(): void;
}

export class Journal {
  /** How many commits have failed. */
  failures: number = 0;
  readonly #parts: JournalParts;
  #listener: JournalListener | undefined;
  #group: Group = emptyGroup();
  #scheduled = false;
  #flushing = false;
  /** The store has void chunks left to delete. */
  #sweeping = false;
  #closed = false;
  #idle: (() => void)[] = [];
  #settling: PromiseWithResolvers<void> | undefined;
  /** Cancels the next try after a failed commit. */
  #tryNoMore: () => void = () => undefined;

  constructor(parts: JournalParts) {
    this.#parts = parts;
  }

  /** Names the layer above. Once, before the first row. */
  listen(listener: JournalListener): void {
    this.#listener = listener;
  }

  /** Records events of an instance: folds them in, and puts them on the row of the next flush. */
  record(live: Live, events: readonly EventBody[], timestamp: number): void {
    const row = this.#openRow(live);
    const wakeBefore = row.changed ? null : nextWakeStored(live);
    for (const event of events) {
      const cutOff = streamsCutOff(live.state, event);
      if (cutOff.length > 0) this.#void(row, cutOff);
      if (event.type === "workflow_queued") this.#beginLife(row, event.from === undefined);
      const eventId = live.state.lastEventId + 1;
      live.state = evolve(live.state, event, { eventId, timestamp, seq: row.seq });
      if (row.timestamp !== timestamp) row.entries.push(timestamp);
      row.timestamp = timestamp;
      row.entries.push(event);
    }
    row.changed ||= live.state.status !== row.from || nextWakeStored(live) !== wakeBefore;
  }

  /** Runs `after` once all that was recorded of the instance so far is durable; `failed` if it never will be. */
  whenDurable(live: Live, after: () => void, failed?: (cause: Failure) => void): void {
    const row = live.row ?? live.flushing;
    if (row === undefined) return after();
    row.after.push(after);
    if (failed !== undefined) row.failed.push(failed);
  }

  /** True while something that was recorded of the instance is not durable. */
  isPending(live: Live): boolean {
    return live.row !== undefined || live.flushing !== undefined;
  }

  /** As `whenDurable`, as a promise. */
  durable(live: Live): Promise<void> {
    return new Promise((resolve, reject) => this.whenDurable(live, resolve, reject));
  }

  /** Rejects with a `Failure` when it could not be stored. */
  create(instance: NewInstance): Promise<number | "exists"> {
    return new Promise((done, failed) => {
      const { failure } = this.#parts.health;
      if (failure !== undefined) return failed(failure);
      this.#group.creates.push({ instance, done, failed });
      this.#schedule();
    });
  }

  /** Stores a chunk of a stream; `done` is called when it is durable, unless the stream is void by then. */
  addChunk(live: Live, chunk: Chunk, done: () => void): void {
    this.#group.chunks.push({ live, chunk, done });
    this.#schedule();
  }

  /** Rejects with a `Failure` when the instance could not be deleted. */
  remove(pk: number): Promise<void> {
    this.#dropChunks((chunk) => chunk.pk === pk);
    return new Promise((done, failed) => {
      const { failure } = this.#parts.health;
      if (failure !== undefined) return failed(failure);
      this.#group.removes.push({ pk, done, failed });
      this.#schedule();
    });
  }

  /**
   * From now on nothing is deleted in the background: the next process goes on with that. Nor does anything wait for commits to
   * work again: what cannot be stored now is lost.
   */
  close(): void {
    this.#closed = true;
    this.#tryNoMore();
    if (this.#hasWork()) this.#schedule();
  }

  /** Resolves when nothing is waiting to be flushed, or nothing can be at the moment. */
  quiet(): Promise<void> {
    if (!this.#flushing && !this.#scheduled) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Resolves when the commit in flight, if any, has ended and its waiters have been notified. */
  async settled(): Promise<void> {
    if (this.#flushing) await (this.#settling ??= Promise.withResolvers()).promise;
  }

  #openRow(live: Live): OpenRow {
    if (live.row !== undefined) return live.row;
    live.seq += 1;
    const firstEventId = live.state.lastEventId + 1;
    const row: OpenRow = {
      live,
      seq: live.seq,
      firstEventId,
      entries: [],
      timestamp: 0,
      from: live.state.status,
      changed: false,
      restart: false,
      notices: undefined,
      voids: undefined,
      ack: 0,
      after: [],
      failed: [],
    };
    live.row = row;
    this.#group.rows.push(row);
    this.#schedule();
    return row;
  }

  /** What a restart makes void need not be written first, unless it is needed for what is kept. */
  #beginLife(row: OpenRow, isWhole: boolean): void {
    row.changed = true;
    if (!isWhole) return;
    if (row.entries.length > 0) row.notices = rowNotices(row, this.#parts.notices);
    row.entries = [];
    row.timestamp = 0;
    row.firstEventId = row.live.state.lastEventId + 1;
    row.restart = true;
    row.voids = undefined;
    this.#dropChunks(({ pk }) => pk === row.live.pk);
  }

  #void(row: OpenRow, streams: readonly number[]): void {
    (row.voids ??= []).push(...streams);
    this.#dropChunks(({ pk, stream }) => pk === row.live.pk && streams.includes(stream));
  }

  /** A chunk that has not been written may not come after what makes it void. */
  #dropChunks(isVoid: (chunk: Chunk) => boolean): void {
    this.#group.chunks = this.#group.chunks.filter(({ chunk }) => !isVoid(chunk));
  }

  #schedule(): void {
    if (this.#scheduled || this.#flushing || (this.#isFailing && !this.#closed)) return;
    this.#scheduled = true;
    this.#parts.clock.soon(() => {
      this.#scheduled = false;
      void this.#flush();
    });
  }

  /** True from a failed commit on until one has worked. */
  get #isFailing(): boolean {
    const { health } = this.#parts;
    return health.failure !== undefined && !health.isOver;
  }

  #hasWork(): boolean {
    const { creates, chunks, rows, removes } = this.#group;
    return creates.length + chunks.length + rows.length + removes.length > 0;
  }

  async #flush(): Promise<void> {
    const { store, lease, health } = this.#parts;
    const group = this.#take();
    this.#flushing = true;
    for (const row of group.rows) {
      row.live.row = undefined;
      row.live.flushing = row;
    }
    try {
      if (health.isOver) throw health.failure;
      const batch = this.#toBatch(group);
      const { created, isSweeping } = await store.commit(batch, lease);
      this.#sweeping = isSweeping;
      health.worked();
      this.#settle(group, created);
      if (batch.appends.some(isNoted) || batch.creates.some(isNoted)) this.#parts.notices.committed();
    } catch (cause) {
      this.#fail(group, cause);
    }
    this.#flushed();
  }

  #flushed(): void {
    this.#flushing = false;
    this.#settling?.resolve();
    this.#settling = undefined;
    if (this.#hasWork()) {
      this.#schedule();
      if (this.#scheduled) return;
    }
    for (const resolve of this.#idle.splice(0)) resolve();
    // With nothing else to write, an empty commit goes on deleting what is void.
    if (this.#sweeping && !this.#closed) this.#schedule();
  }

  /** Tries whether commits work again. */
  async #try(): Promise<void> {
    const { store, lease, health } = this.#parts;
    if (this.#closed || this.#flushing) return;
    this.#flushing = true;
    try {
      await store.commit({ creates: [], chunks: [], appends: [], removes: [] }, lease);
      health.worked();
    } catch (cause) {
      this.#fail(emptyGroup(), cause);
    }
    this.#flushed();
  }

  /**
   * What the next commit carries: so many of each kind, that a burst of one never makes another wait for its end. The rows
   * that stay behind go on being filled.
   */
  #take(): Group {
    const { creates, chunks, rows, removes } = this.#group;
    if (Math.max(creates.length, rows.length, removes.length) > MAX_ROWS || chunks.length > MAX_CHUNKS) {
      return {
        creates: creates.splice(0, MAX_ROWS),
        chunks: chunks.splice(0, MAX_CHUNKS),
        rows: rows.splice(0, MAX_ROWS),
        removes: removes.splice(0, MAX_ROWS),
      };
    }
    const group = this.#group;
    this.#group = emptyGroup();
    return group;
  }

  #toBatch({ creates, chunks, rows, removes }: Group): Batch {
    return {
      creates: creates.map(({ instance }) => instance),
      chunks: chunks.map(({ chunk }) => chunk),
      appends: rows.map((row) => toAppend(row, this.#parts)),
      removes: removes.map(({ pk }) => pk),
    };
  }

  #settle(group: Group, created: readonly (number | "exists")[]): void {
    const { watchers } = this.#parts;
    group.creates.forEach(({ instance, done }, i) => {
      const pk = created[i] ?? "exists";
      if (pk !== "exists") watchers.created(instance);
      done(pk);
    });
    for (const pending of group.chunks) pending.done();
    for (const row of group.rows) {
      const { live } = row;
      live.flushing = undefined;
      if (row.ack > 0) live.run?.link.ack(live.run.id, row.ack);
      for (const after of row.after) after();
      this.#listener?.flushed(live);
      watchers.flushed(live, row);
    }
    for (const pending of group.removes) pending.done();
  }

  /** What was in the commit is lost, and what a request waits for in the next one is refused: it may be long until then. */
  #fail(group: Group, cause: unknown): void {
    this.failures += 1;
    const { health, clock } = this.#parts;
    const retryMs = health.failed(cause);
    const failure = health.failure ?? storeFailure(cause);
    this.#tryNoMore();
    if (retryMs < Infinity && !this.#closed) this.#tryNoMore = clock.alarm(clock.now() + retryMs, () => void this.#try());
    for (const { live } of [...group.rows, ...group.chunks]) this.#lose(live, failure);
    const later = this.#group;
    for (const row of later.rows.filter((each) => each.failed.length > 0 || health.isOver || takesPlace(each)))
      this.#lose(row.live, failure);
    if (health.isOver) for (const { live } of later.chunks) this.#lose(live, failure);
    if (group.creates.length > 0) this.#listener?.unsure();
    for (const each of [group, later]) {
      for (const pending of [...each.creates.splice(0), ...each.removes.splice(0)]) pending.failed(failure);
    }
  }

  /** Rows recorded on top of a lost one are lost with it. */
  #lose(live: Live, failure: Failure): void {
    if (live.gone && live.row === undefined && live.flushing === undefined) return;
    const rows = [live.flushing, live.row].filter((row) => row !== undefined);
    if (live.row !== undefined) this.#group.rows.splice(this.#group.rows.indexOf(live.row), 1);
    this.#group.chunks = this.#group.chunks.filter((chunk) => chunk.live !== live);
    live.flushing = undefined;
    live.row = undefined;
    for (const row of rows) for (const failed of row.failed) failed(failure);
    this.#listener?.lost(live);
  }
}

function emptyGroup(): Group {
  return { creates: [], chunks: [], rows: [], removes: [] };
}

/** True when the row begins an instance, or lets it go on: perhaps in the place of one whose end was to be in the commit that has failed. */
function takesPlace({ from, live }: OpenRow): boolean {
  return holdsPlace(live.state.status) && !holdsPlace(from);
}
