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

/** An answer that came from where user code runs, which can forge it; undefined when it is none. */
export function eventAnswerOf(value: unknown): EventAnswer | undefined {
  if (value === "no_handler") return value;
  const { thrown, verdict } = (value ?? {}) as Partial<Record<string, unknown>>;
  if (thrown !== null && typeof thrown !== "string") return undefined;
  const { all, acks, retries } = (verdict ?? {}) as Partial<Record<string, unknown>>;
  const isWhole = all === undefined || all === "ack" || isDelay(all);
  if (!isWhole || !Array.isArray(acks) || !Array.isArray(retries)) return undefined;
  const areIds = acks.every((id) => typeof id === "string");
  if (!areIds || !retries.every((each: unknown) => isDelay(each) && "id" in each && typeof each.id === "string"))
    return undefined;
  return { thrown, verdict: { all, acks, retries } };
}

function isDelay(value: unknown): value is { readonly delaySeconds?: number } {
  if (typeof value !== "object" || value === null) return false;
  const { delaySeconds } = value as { readonly delaySeconds?: unknown };
  return delaySeconds === undefined || Number.isFinite(delaySeconds);
}
