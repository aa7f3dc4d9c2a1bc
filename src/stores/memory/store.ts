/** The store as plain maps: nothing survives, nothing is indexed. For tests, and as the shortest account of the contract. */
import { fits, groupErrors, Hours } from "./statistics.ts";
import { holdsPlace, isFinal, type InstanceStatus } from "../../model/instance/status.ts";
import type { ErrorSummary } from "../../model/views/error-summary.ts";
import type { Notice } from "../../model/views/notices.ts";
import type { Store } from "../../ports/store.ts";
import { StoreError } from "../../model/failures/store-error.ts";
import type { Append, Batch, BatchResult, Chunk, JournalRow, NewInstance } from "../../ports/instances/commit.ts";
import type { ErrorGroup, GroupQuery, HourlyCount } from "../../ports/instances/statistics.ts";
import type { Found, FoundInstance, InstanceFilter, Position, SearchPage, Tally } from "../../ports/instances/search.ts";
import type { InstanceSummary, SummaryChange } from "../../ports/instances/summary.ts";
import type { Lease } from "../../ports/instances/journal-store.ts";
import type { ListFilter, ListQuery, ReadyKind, VersionsInUse } from "../../ports/instances/instance-index.ts";
import type { StoredNotice } from "../../ports/notices.ts";
import { SqliteLogs } from "../sqlite/logs/logs.ts";
import type { LogStore } from "../../ports/logs/instance-logs.ts";

interface Entry {
  summary: InstanceSummary;
  error: ErrorSummary | null;
  rows: readonly JournalRow[];
  /** By stream, then by index. Nothing here is large enough to be swept in parts. */
  streams: ReadonlyMap<number, readonly Uint8Array<ArrayBuffer>[]>;
}

export class MemoryStore implements Store {
  /** Messages of instances, which live as long as the process. */
  readonly #logs: SqliteLogs = new SqliteLogs(":memory:", (pk) => this.#entries.has(pk));
  readonly #entries: Map<number, Entry> = new Map();
  readonly #keys: Map<string, number> = new Map();
  readonly #hours: Hours = new Hours();
  #nextPk = 1;
  #notices: readonly StoredNotice[] = [];
  #lastNotice = 0;
  #lease: Lease = { owner: "", epoch: 0 };

  logs(): LogStore {
    return this.#logs;
  }

  async acquire(owner: string): Promise<Lease> {
    this.#lease = { owner, epoch: this.#lease.epoch + 1 };
    return this.#lease;
  }

  async commit(batch: Batch, lease: Lease): Promise<BatchResult> {
    if (lease.owner !== this.#lease.owner || lease.epoch !== this.#lease.epoch)
      throw new StoreError("fenced", "Another process has taken the lease");
    const undo: (() => void)[] = [];
    try {
      const created = batch.creates.map((instance) => this.#create(instance, undo));
      for (const chunk of batch.chunks) this.#insert(chunk, undo);
      for (const append of batch.appends) this.#append(append, undo);
      for (const pk of batch.removes) this.#remove(pk, undo);
      this.#logs.remove(batch.removes);
      return { created, isSweeping: false };
    } catch (cause) {
      for (const step of undo.toReversed()) step();
      throw cause;
    }
  }

  async find(workflow: string, id: string): Promise<InstanceSummary | undefined> {
    const pk = this.#keys.get(addressOf({ workflow, id }));
    return pk === undefined ? undefined : this.#entries.get(pk)?.summary;
  }

  async versionsInUse(after: number, limit: number): Promise<VersionsInUse> {
    const next = this.#summaries(({ pk }) => pk > after)
      .sort((a, b) => a.pk - b.pk)
      .slice(0, limit);
    const named = (wanted: boolean): string[] => [
      ...new Set(next.filter(({ status }) => isFinal(status) === wanted).map(({ versionId }) => versionId)),
    ];
    return { living: named(false), ended: named(true), last: next.at(-1)?.pk };
  }

  async load(pk: number, afterSeq: number, maxBytes: number): Promise<JournalRow[]> {
    const later = this.#rows(pk).filter((row) => row.seq > afterSeq);
    return upTo(later, maxBytes);
  }

  async rows(pk: number, seqs: readonly number[], maxBytes: number): Promise<JournalRow[]> {
    const bySeq = new Map(this.#rows(pk).map((row) => [row.seq, row]));
    const asked = seqs.flatMap((seq) => bySeq.get(seq) ?? []);
    return upTo(asked, maxBytes);
  }

  async chunk(pk: number, stream: number, index: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#entries.get(pk)?.streams.get(stream)?.[index]?.slice();
  }

  async ready(kind: ReadyKind, now: number, limit: number, after = 0, skip: readonly string[] = []): Promise<InstanceSummary[]> {
    const wanted = ({ workflow }: InstanceSummary): boolean => !skip.includes(workflow);
    switch (kind) {
      case "interrupted": {
        const lost = this.#summaries(({ status, pk }) => holdsPlace(status) && pk > after);
        return lost.sort((a, b) => a.pk - b.pk).slice(0, limit);
      }
      case "due": {
        const due = this.#summaries(({ status, wakeAt }) => status === "waiting" && wakeAt !== null && wakeAt <= now);
        return due
          .filter(wanted)
          .sort((a, b) => (a.wakeAt ?? 0) - (b.wakeAt ?? 0) || a.pk - b.pk)
          .slice(0, limit);
      }
      case "queued":
        return this.#summaries(({ status }) => status === "queued")
          .filter(wanted)
          .sort(byCreation)
          .slice(0, limit);
    }
  }

  async nextWake(after: number): Promise<number | undefined> {
    let next: number | undefined;
    for (const { summary } of this.#entries.values()) {
      const { status, wakeAt } = summary;
      if (status === "waiting" && wakeAt !== null && wakeAt > after && wakeAt < (next ?? Infinity)) next = wakeAt;
    }
    return next;
  }

  async expiring(until: number, limit: number): Promise<InstanceSummary[]> {
    const past = this.#summaries(({ expiresAt }) => expiresAt !== null && expiresAt <= until);
    return past.sort((a, b) => (a.expiresAt ?? 0) - (b.expiresAt ?? 0)).slice(0, limit);
  }

  async list(query: ListQuery): Promise<InstanceSummary[]> {
    const { direction, after, offset = 0, limit } = query;
    const order = direction === "asc" ? byCreation : (a: Position, b: Position): number => byCreation(b, a);
    const found = this.#summaries((summary) => matches(summary, query) && (after === undefined || order(after, summary) < 0));
    return found.sort(order).slice(offset, offset + limit);
  }

  async beginningWith(workflow: string, idPrefix: string, limit: number): Promise<InstanceSummary[]> {
    const found = this.#summaries((summary) => summary.workflow === workflow && summary.id.startsWith(idPrefix));
    return found.sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, limit);
  }

  async count(query: ListFilter, cap: number): Promise<number> {
    const { length } = this.#summaries((summary) => matches(summary, query));
    const isBounded = query.createdFrom !== undefined || query.createdTo !== undefined;
    return isBounded ? Math.min(length, cap) : length;
  }

  async search(filter: InstanceFilter, { direction, limit, after }: SearchPage): Promise<Found> {
    const order = direction === "asc" ? byCreation : (a: Position, b: Position): number => byCreation(b, a);
    const found = this.#matching(filter, (each) => after === undefined || order(after, each) < 0).sort(order);
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return { items, next: found.length > limit && last !== undefined ? { createdAt: last.createdAt, pk: last.pk } : undefined };
  }

  async tally(filter: InstanceFilter, after?: Position): Promise<Tally> {
    const { length } = this.#matching(filter, (each) => after === undefined || byCreation(each, after) < 0);
    return { count: length, next: undefined };
  }

  async errorGroups({ workflow, fingerprint, offset, limit }: GroupQuery): Promise<ErrorGroup[]> {
    const errored = [...this.#entries.values()].map(({ summary, error }) => ({ ...summary, error }));
    return groupErrors(errored.filter((each) => workflow === undefined || each.workflow === workflow))
      .filter((group) => fingerprint === undefined || group.fingerprint === fingerprint)
      .slice(offset, offset + limit);
  }

  async hourly(from: number, workflow?: string): Promise<HourlyCount[]> {
    return this.#hours.since(from).filter((each) => workflow === undefined || each.workflow === workflow);
  }

  async statusCounts(workflow?: string): Promise<Partial<Record<InstanceStatus, number>>> {
    const counts: Partial<Record<InstanceStatus, number>> = {};
    for (const { status } of this.#summaries((summary) => workflow === undefined || summary.workflow === workflow))
      counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  }

  async notices(limit: number): Promise<StoredNotice[]> {
    return this.#notices.slice(0, limit);
  }

  async removeNotices(upTo: number): Promise<void> {
    this.#notices = this.#notices.filter(({ pk }) => pk > upTo);
  }

  async verify(): Promise<void> {}

  async close(): Promise<void> {
    this.#logs.close();
  }

  #note(notices: readonly Notice[] | undefined, undo: (() => void)[]): void {
    if (notices === undefined) return;
    const before = this.#notices;
    undo.push(() => (this.#notices = before));
    this.#notices = [...before, ...notices.map((notice) => ({ ...notice, pk: (this.#lastNotice += 1) }))];
  }

  #create({ summary, row, error, notices }: NewInstance, undo: (() => void)[]): number | "exists" {
    const address = addressOf(summary);
    if (this.#keys.has(address)) return "exists";
    const pk = this.#nextPk;
    this.#nextPk += 1;
    this.#keys.set(address, pk);
    this.#entries.set(pk, { summary: { pk, ...summary }, error: error ?? null, rows: [row], streams: new Map() });
    this.#note(notices, undo);
    const uncount = this.#hours.created(summary);
    undo.push(() => {
      uncount();
      this.#keys.delete(address);
      this.#entries.delete(pk);
    });
    return pk;
  }

  #insert({ pk, stream, index, bytes }: Chunk, undo: (() => void)[]): void {
    const entry = this.#entries.get(pk);
    if (entry === undefined) throw new Error(`There is no instance ${pk}`);
    const { streams } = entry;
    const chunks = streams.get(stream)?.slice() ?? [];
    if (chunks[index] !== undefined) throw new Error(`Stream ${stream} of instance ${pk} has a chunk ${index} already`);
    undo.push(() => Object.assign(entry, { streams }));
    chunks[index] = bytes;
    entry.streams = new Map(streams).set(stream, chunks);
  }

  #append({ pk, row, change, restart, voids = [], notices }: Append, undo: (() => void)[]): void {
    const entry = this.#entries.get(pk);
    if (entry === undefined) throw new Error(`There is no instance ${pk}`);
    const { summary, error, rows, streams } = entry;
    if (rows.some(({ seq }) => seq === row.seq)) throw new Error(`Instance ${pk} has a row ${row.seq} already`);
    if (change !== undefined && change.from !== summary.status) throw new Error(`Instance ${pk} is not ${change.from}`);
    if (change !== undefined) checkTimes(change.to);
    undo.push(() => Object.assign(entry, { summary, error, rows, streams }));
    this.#note(notices, undo);
    const isVoid = (stream: number): boolean => voids.includes(stream) || (restart === true && stream < row.firstEventId);
    if (streams.size > 0) entry.streams = new Map([...streams].filter(([stream]) => !isVoid(stream)));
    entry.rows = [...(restart === true ? rows.filter(({ seq }) => seq > row.seq) : rows), row].sort((a, b) => a.seq - b.seq);
    if (change === undefined) return;
    entry.summary = { ...summary, ...change.to };
    entry.error = change.error ?? null;
    if (change.to.status !== change.from || restart === true || change.error !== undefined)
      undo.push(this.#hours.ended(entry.summary));
  }

  #remove(pk: number, undo: (() => void)[]): void {
    const entry = this.#entries.get(pk);
    if (entry === undefined) return;
    const address = addressOf(entry.summary);
    this.#keys.delete(address);
    this.#entries.delete(pk);
    undo.push(() => {
      this.#keys.set(address, pk);
      this.#entries.set(pk, entry);
    });
  }

  #rows(pk: number): readonly JournalRow[] {
    return this.#entries.get(pk)?.rows ?? [];
  }

  #matching(filter: InstanceFilter, wanted: (summary: InstanceSummary) => boolean): FoundInstance[] {
    const found: FoundInstance[] = [];
    for (const { summary, error } of this.#entries.values())
      if (fits({ ...summary, error }, filter) && wanted(summary)) found.push({ ...summary, error });
    return found;
  }

  #summaries(wanted: (summary: InstanceSummary) => boolean): InstanceSummary[] {
    const found: InstanceSummary[] = [];
    for (const { summary } of this.#entries.values()) if (wanted(summary)) found.push(summary);
    return found;
  }
}

function checkTimes({ modifiedAt, startedAt, endedAt, wakeAt, expiresAt }: SummaryChange): void {
  for (const time of [modifiedAt, startedAt, endedAt, wakeAt, expiresAt])
    if (time !== null && !Number.isSafeInteger(time)) throw new Error(`${time} is not a whole number of milliseconds`);
}

function byCreation(a: Position, b: Position): number {
  return a.createdAt - b.createdAt || a.pk - b.pk;
}

function matches(summary: InstanceSummary, query: ListFilter): boolean {
  const { workflow, status = summary.status, createdFrom = -Infinity, createdTo = Infinity } = query;
  const { createdAt } = summary;
  return summary.workflow === workflow && summary.status === status && createdAt >= createdFrom && createdAt <= createdTo;
}

function addressOf({ workflow, id }: { readonly workflow: string; readonly id: string }): string {
  // No workflow's name has a space.
  return `${workflow} ${id}`;
}

/** As many rows as make up so many bytes, at least one if there is any. */
function upTo(rows: JournalRow[], maxBytes: number): JournalRow[] {
  let bytes = 0;
  const last = rows.findIndex((row) => (bytes += row.events.length) >= maxBytes);
  return last === -1 ? rows : rows.slice(0, last + 1);
}
