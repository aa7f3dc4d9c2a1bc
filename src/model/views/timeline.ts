/**
 * The timeline of an instance: what ran when, and how it ended. Times are numbers; outputs and defaults are omitted, so
 * that tens of thousands of steps take a few megabytes.
 */
import type { StepConfig } from "../instance/events.ts";
import type { ErrorInfo } from "../values/error-info.ts";
import { DEFAULT_STEP_CONFIG } from "../step/config.ts";
import { isStep, timedOut, type AttemptView, type InstanceView, type StepLike, type StepView } from "./fold.ts";

/** A step's callback, called once. Epoch milliseconds. */
export interface TimelineAttempt {
  readonly start: number;
  /** Null while it goes on. */
  readonly end: number | null;
  readonly error?: ErrorInfo;
}

/** A row of the picture. Epoch milliseconds. */
export interface TimelineEntry {
  readonly type: "step" | "rollback" | "sleep" | "waitForEvent";
  /** With its counter, as in the log. */
  readonly name: string;
  readonly start: number;
  /** Null while a step goes on; of a sleep or a wait that goes on, when it will end at the latest. */
  readonly end: number | null;
  readonly state: "running" | "complete" | "errored";
  /** Of steps and rollbacks. Absent when there was one that lasted as long as the step, and succeeded. */
  readonly attempts?: readonly TimelineAttempt[];
  /** Which of the timeline's configurations it has; absent for the usual one. */
  readonly config?: number;
  /** Of waits. */
  readonly event_type?: string;
  readonly error?: ErrorInfo;
}

/** The rows, in the order in which they started, and the configurations that they have, each once. */
export interface Timeline {
  readonly steps: readonly TimelineEntry[];
  readonly configs: readonly StepConfig[];
}

/** What a picture shows of an instance. */
export function timelineOf({ entries }: Pick<InstanceView, "entries">): Timeline {
  const configs = new Configs();
  const rows = entries.flatMap((entry) => (entry.type === "termination" ? [] : [toEntry(entry, configs)]));
  return { steps: rows, configs: configs.all };
}

/** Numbers configurations: steps in a loop have the same one thousands of times, each as an object of its own. */
class Configs {
  readonly all: StepConfig[] = [];
  readonly #numbers: Map<string, number> = new Map();

  numberOf(config: StepConfig): number {
    const { retries, timeout, sensitive } = config;
    const key = JSON.stringify([retries.limit, retries.delay, retries.backoff, timeout, sensitive]);
    let number = this.#numbers.get(key);
    if (number === undefined) this.#numbers.set(key, (number = this.all.push(config) - 1));
    return number;
  }
}

function toEntry(entry: StepLike, configs: Configs): TimelineEntry {
  const { name, start, end, state } = entry;
  if (isStep(entry)) {
    const { type, attempts, config } = entry;
    return {
      type,
      name,
      start,
      end,
      state,
      ...(!isPlain(entry) && { attempts: attempts.map(toAttempt) }),
      ...(config !== DEFAULT_STEP_CONFIG && { config: configs.numberOf(config) }),
    };
  }
  if (entry.type === "sleep") return { type: "sleep", name, start, end, state };
  const error = state === "errored" ? { error: timedOut(entry) } : {};
  return { type: "waitForEvent", name, start, end, state, event_type: entry.eventType, ...error };
}

/** True for most steps: their single attempt has no facts beyond those of the step. */
function isPlain({ start, end, state, attempts }: StepView): boolean {
  const [only] = attempts;
  return state === "complete" && attempts.length === 1 && only?.start === start && only.end === end;
}

function toAttempt({ start, end, error }: AttemptView): TimelineAttempt {
  return { start, end, ...(error !== null && { error }) };
}
