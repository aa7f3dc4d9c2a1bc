/** Events that a script handles besides requests and runs, and how a handler ended. */
import type { DeliveredMessage, Verdict } from "../model/platform/queue.ts";

/** Something that a script has a handler for, by the handler's name. */
export type ScriptEvent =
  | {
      readonly type: "scheduled";
      readonly cron: string;
      /** The boundary, in epoch milliseconds; the handler may run later. */
      readonly scheduledTime: number;
    }
  | { readonly type: "queue"; readonly queue: string; readonly messages: readonly DeliveredMessage[] };

/** How a handler ended. What it said of messages counts even if it threw. */
export interface EventEnd {
  /** What it threw, in words; null when it did not. */
  readonly thrown: string | null;
  readonly verdict: Verdict;
}

/** As a host hears it: the script may have no such handler. */
export type EventAnswer = EventEnd | "no_handler";
