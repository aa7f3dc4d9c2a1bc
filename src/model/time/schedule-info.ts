/** Which boundary of a schedule an instance was made for. */

/** What a cron schedule hands to the instance that it starts. */
export interface ScheduleInfo {
  readonly cron: string;
  /** Epoch milliseconds of the boundary. */
  readonly scheduledTime: number;
}
