/** What the engine's alarm follows besides the schedules of workflows: other things that come round by cron expressions. */

/** An expression, how far it has been followed, and what is to happen at its boundaries. */
export interface TimetableEntry {
  readonly cron: string;
  /** Epoch milliseconds: boundaries up to here are dealt with. */
  readonly followedTo: number;
  /**
   * What is due at a boundary (epoch milliseconds). Resolves as soon as it has begun or is known to have, however long it
   * lasts: the next look at the entries may come before it is dealt with.
   */
  fire(boundary: number): Promise<void>;
}

export interface Timetable {
  /** As they are now. */
  entries(): Promise<readonly TimetableEntry[]>;
}
