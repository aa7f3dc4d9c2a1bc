/** The schedules of workflows, and how far each has been followed. */

/** A cron expression that a workflow's newest version has, and how far it has been followed. */
export interface Schedule {
  readonly workflow: string;
  readonly cron: string;
  /** Epoch milliseconds: boundaries up to here are dealt with, or were before the expression was deployed. */
  readonly followedTo: number;
}

export interface Schedules {
  /** Those of all workflows: `LIMITS.schedules` of them at the most. */
  schedules(): Promise<Schedule[]>;
  /** Boundaries up to `to` (epoch milliseconds) are dealt with. Never goes back; nothing happens when there is no such schedule. */
  followSchedule(workflow: string, cron: string, to: number): Promise<void>;
}
