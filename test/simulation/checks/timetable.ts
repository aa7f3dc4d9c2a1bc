/** What comes round by cron expressions has to happen: at each boundary once, not before it, and whatever has failed. */
import { readRow } from "../../../src/engine/journal/row.ts";
import { boundaryAfter, boundaryUpTo, cronInstanceId } from "../../../src/model/time/cron.ts";
import type { ScheduleInfo } from "../../../src/model/time/schedule-info.ts";
import type { Batch, BatchResult } from "../../../src/ports/instances/commit.ts";
import type { TimetableEntry, TimetableKind } from "../../../src/ports/timetable.ts";
import type { Agenda } from "../world/agenda.ts";
import { CALM_MS, LIVENESS_MS, type Checker } from "./checker.ts";

interface Entry extends Pick<TimetableEntry, "kind" | "owner" | "cron"> {
  lastFiredAt: number;
}

export class TimetableChecks {
  readonly #agenda: Agenda;
  readonly #checker: Checker;
  /** Epoch milliseconds. */
  readonly #wallMs: () => number;
  readonly #entries: Map<string, Entry> = new Map();
  /** Instances that there are, or were. */
  readonly #made: Set<string> = new Set();
  readonly #calls: Set<string> = new Set();

  constructor(agenda: Agenda, checker: Checker, wallMs: () => number) {
    this.#agenda = agenda;
    this.#checker = checker;
    this.#wallMs = wallMs;
  }

  /** These are the expressions of an owner from now on. */
  put(kind: TimetableKind, owner: string, crons: readonly string[], from: number): void {
    for (const [key, entry] of this.#entries)
      if (entry.kind === kind && entry.owner === owner && !crons.includes(entry.cron)) this.#entries.delete(key);
    for (const cron of crons) {
      const entry: Entry = { kind, owner, cron, lastFiredAt: from };
      if (!this.#entries.has(keyOf(entry))) this.#entries.set(keyOf(entry), entry);
    }
  }

  /** A commit is on the disk. */
  committed({ creates }: Batch, { created }: BatchResult): void {
    for (const [i, { summary, row }] of creates.entries()) {
      const [first] = readRow(row);
      if (typeof created[i] !== "number" || first?.type !== "workflow_queued" || first.schedule === undefined) continue;
      this.#made.add(`${summary.workflow} ${summary.id}`);
      this.#check({ kind: "workflow", owner: summary.workflow, cron: first.schedule.cron }, first.schedule);
    }
  }

  /** The handler of a script is called by a server. */
  called(server: string, owner: string, info: ScheduleInfo): void {
    const call = `${server} ${owner} ${cronInstanceId(info)}`;
    this.#checker.expect(!this.#calls.has(call), () => `the handler of ${owner} is called twice for ${cronInstanceId(info)}`);
    this.#calls.add(call);
    this.#check({ kind: "script", owner, cron: info.cron }, info);
  }

  /** An entry has been followed up to a boundary. */
  followed(about: Pick<TimetableEntry, "kind" | "owner" | "cron">, to: number): void {
    const entry = this.#entries.get(keyOf(about));
    if (entry === undefined || to <= entry.lastFiredAt) return;
    const { kind, owner, cron, lastFiredAt } = entry;
    const id = cronInstanceId({ cron, scheduledTime: to });
    if (kind === "workflow")
      this.#checker.expect(this.#made.has(`${owner} ${id}`), () => `${owner} was followed to ${id}, which was never made`);
    const passedOver = boundaryAfter(cron, lastFiredAt) ?? to;
    // A boundary is passed over only while something fails.
    const dueAt = this.#agenda.now - (this.#wallMs() - passedOver);
    this.#checker.expect(
      kind === "script" || passedOver >= to || this.#checker.troubleAt + CALM_MS > dueAt,
      () => `${owner} was followed to ${id}, past ${passedOver}, though nothing had failed`,
    );
    entry.lastFiredAt = to;
  }

  /** What is due has been done. */
  checkLiveness(): void {
    if (this.#agenda.now < this.#checker.troubleAt + LIVENESS_MS) return;
    for (const { owner, cron, lastFiredAt } of this.#entries.values()) {
      const due = boundaryUpTo(cron, this.#wallMs() - LIVENESS_MS) ?? 0;
      this.#checker.expect(due <= lastFiredAt, () => `${owner} was due by ${cron} at ${due}, and was not followed`);
    }
  }

  #check(about: Pick<TimetableEntry, "kind" | "owner" | "cron">, { cron, scheduledTime }: ScheduleInfo): void {
    const { setBacks } = this.#checker;
    const shown = Math.max(this.#wallMs(), ...setBacks.map(({ shownMs }) => shownMs));
    const what = `${about.owner} ${cronInstanceId({ cron, scheduledTime })}`;
    this.#checker.expect(boundaryUpTo(cron, scheduledTime) === scheduledTime, () => `${what} is no boundary`);
    this.#checker.expect(scheduledTime <= shown, () => `${what} comes too early`);
    const entry = this.#entries.get(keyOf(about));
    // A call may be on its way while the process before learns that it is done.
    if (entry === undefined || about.kind === "script") return;
    this.#checker.expect(scheduledTime > entry.lastFiredAt, () => `${what} comes a second time`);
  }
}

function keyOf({ kind, owner, cron }: Pick<TimetableEntry, "kind" | "owner" | "cron">): string {
  return `${kind} ${owner} ${cron}`;
}
