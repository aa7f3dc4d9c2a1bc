/**
 * When entries are written to the audit log: after a pause at once, in a burst together and in order. No request waits for the
 * write, but each flush of the disk slows all requests. Unauthenticated callers cannot fill the log: only a few of their
 * refusals are kept a minute.
 */
import { LIMITS } from "../model/limits.ts";
import type { AuditEntry, AuditLog, AuditQuery, StoredAuditEntry } from "../ports/logs/audit-log.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import { Outage } from "../upkeep/outage.ts";

/** Milliseconds between two flushes. */
const GATHER_MS = 1_000;

/** Entries that are written without waiting for more. */
const GATHER_MAX = 1_000;

/** Entries that are kept in memory while they cannot be written; older ones are lost. */
const KEPT_MAX = 10_000;

const MINUTE_MS = 60_000;

export class Audit {
  readonly #kept: AuditLog;
  readonly #clock: Clock;
  #entries: AuditEntry[] = [];
  #cancel: (() => void) | undefined;
  #flushedAt = 0;
  #writing: Promise<void> = Promise.resolve();
  #strangers = 0;
  #since = 0;
  readonly #outage: Outage;

  constructor(kept: AuditLog, { clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#kept = kept;
    this.#clock = clock;
    const says = { fails: "The audit log cannot be written", works: "The audit log is written again" };
    this.#outage = new Outage({ clock, log, ...says, leastMs: 1_000, mostMs: 30_000 });
  }

  /** Takes an entry in. */
  record(entry: AuditEntry): void {
    if (entry.who === null && !this.#isRoomForStranger(entry.at)) return;
    const length = this.#entries.push(entry);
    if (length >= GATHER_MAX && !this.#outage.isOn) void this.flush();
    else this.#cancel ??= this.#clock.alarm(this.#flushedAt + GATHER_MS, () => void this.flush());
  }

  /** Newest first, and nothing is missing that was taken in before. */
  async list(query: AuditQuery): Promise<StoredAuditEntry[]> {
    await this.flush();
    return this.#kept.list(query);
  }

  /** Writes what has gathered. Never rejects: what cannot be written is kept for later, the newest of it. */
  flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    const entries = this.#entries;
    this.#entries = [];
    this.#flushedAt = this.#clock.now();
    if (entries.length > 0)
      this.#writing = this.#writing
        .then(() => this.#kept.add(entries))
        .then(() => this.#outage.over())
        .catch((cause: unknown) => this.#takeBack(entries, cause));
    return this.#writing;
  }

  #takeBack(entries: readonly AuditEntry[], cause: unknown): void {
    this.#entries = [...entries, ...this.#entries].slice(-KEPT_MAX);
    this.#cancel?.();
    this.#cancel = this.#clock.alarm(this.#outage.failed(cause), () => void this.flush());
  }

  /** As `AuditLog.verify`. */
  verify(): Promise<void> {
    return this.#kept.verify();
  }

  /** Writes what has gathered, and closes what it is kept in. */
  async close(): Promise<void> {
    await this.flush();
    this.#cancel?.();
    await this.#kept.close();
  }

  #isRoomForStranger(at: number): boolean {
    if (at - this.#since >= MINUTE_MS) [this.#strangers, this.#since] = [0, at];
    this.#strangers += 1;
    return this.#strangers <= LIMITS.anonymousAuditEntriesPerMinute;
  }
}
