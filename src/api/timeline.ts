/**
 * An instance's log as a picture needs it: what ran when, and how it went. Times are numbers, outputs are left out, and
 * a configuration is told only where it is not the usual one, so that tens of thousands of steps are a few megabytes.
 */
import type { ErrorInfo, StepConfig } from "../model/events.ts";
import type { AttemptEntry, InstanceLog, LogEntry } from "../model/log.ts";
import { DEFAULT_STEP_CONFIG } from "../model/step-config.ts";

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
  /** Of steps and rollbacks. */
  readonly attempts?: readonly TimelineAttempt[];
  readonly config?: StepConfig;
  /** Of waits. */
  readonly event_type?: string;
  readonly error?: ErrorInfo;
}

/** The rows, in the order in which they started. */
export function timelineOf({ steps }: Pick<InstanceLog, "steps">): TimelineEntry[] {
  return steps.flatMap((entry) => (entry.type === "termination" ? [] : [toEntry(entry)]));
}

function toEntry(entry: Exclude<LogEntry, { type: "termination" }>): TimelineEntry {
  const { name } = entry;
  const start = Date.parse(entry.start);
  const end = entry.end === null ? null : Date.parse(entry.end);
  switch (entry.type) {
    case "step":
    case "rollback": {
      const { type, success, attempts, config } = entry;
      const state = success === null ? "running" : success ? "complete" : "errored";
      return {
        type,
        name,
        start,
        end,
        state,
        attempts: attempts.map(toAttempt),
        ...(config !== DEFAULT_STEP_CONFIG && { config }),
      };
    }
    case "sleep":
      return { type: "sleep", name, start, end, state: entry.finished ? "complete" : "running" };
    case "waitForEvent": {
      const { type, event_type, finished, error } = entry;
      const state = !finished ? "running" : error === null ? "complete" : "errored";
      return { type, name, start, end, state, event_type, ...(error !== null && { error }) };
    }
  }
}

function toAttempt({ start, end, error }: AttemptEntry): TimelineAttempt {
  return { start: Date.parse(start), end: end === null ? null : Date.parse(end), ...(error !== null && { error }) };
}
