/** Types that the server's description leaves open or nests in others. */

export type { InstanceStatus } from "../../../src/model/instance/status.ts";

/** One thing that happened. What else it has depends on its type. */
export interface LiveEvent {
  readonly type: string;
  readonly instanceId?: string;
  readonly eventId?: number;
  /** Epoch milliseconds. */
  readonly timestamp?: number;
  readonly [field: string]: unknown;
}
