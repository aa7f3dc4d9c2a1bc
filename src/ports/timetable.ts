/** What comes round by cron expressions: schedules of workflows, and cron triggers of scripts. Rows of the catalogue. */

/** Which of them it is: a workflow gets an instance at each boundary, a script is called. */
export type TimetableKind = "workflow" | "script";

/** A cron expression, and how far it has been followed. Times are epoch milliseconds. */
export interface TimetableEntry {
  readonly kind: TimetableKind;
  /** The name of the workflow or the script. */
  readonly owner: string;
  readonly cron: string;
  /** Boundaries up to here are dealt with, or were before the entry was made. */
  readonly lastFiredAt: number;
  readonly createdAt: number;
}

/**
 * Begins what is due at a boundary of an entry, and sees to it that the entry is followed up to there. Resolves as soon as it
 * has begun: it may be asked for the same boundary again before the entry has been followed.
 */
export type Follow = (entry: TimetableEntry, boundary: number) => Promise<void>;

export interface Timetable {
  /** Those of one kind, or all; those of an owner in the order in which they were given. */
  timetable(kind?: TimetableKind): Promise<TimetableEntry[]>;
  /** Boundaries up to `to` are dealt with. Never goes back; nothing happens when there is no such entry. */
  follow(entry: Pick<TimetableEntry, "kind" | "owner" | "cron">, to: number): Promise<void>;
}
