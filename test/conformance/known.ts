/**
 * Differences of many scenarios: listed once, here and at the head of the report, and removed before the systems are
 * compared. Like any other explanation, one that no longer applies fails the run.
 */
import type { Aspect, Difference } from "./scenario.ts";

/** A difference wherever an aspect has it. */
export interface Known extends Omit<Difference, "in" | "on"> {
  readonly in: Aspect;
  /** Which system's lines it is taken out of. */
  readonly of: "stepwell" | "local" | "both";
  readonly without: (lines: readonly string[]) => readonly string[];
}

export const KNOWN: readonly Known[] = [
  {
    differs: "on purpose",
    in: "events",
    of: "stepwell",
    because:
      "The local engine never reports `waiting`; an instance that sleeps, waits or is about to retry is `running` there. " +
      "stepwell reports `workflow_waiting`, and `workflow_running` when it resumes, as documented.",
    section: "§12.1",
    without: withoutWaiting,
  },
  {
    differs: "on purpose",
    in: "answers",
    of: "local",
    because:
      "Errors of the local engine cross an RPC boundary, which prefixes `WorkflowError: `. stepwell has the text of production.",
    section: "§3.1",
    without: (lines) => lines.map((line) => line.replace('rejected: Error("WorkflowError: ', 'rejected: Error("')),
  },
  {
    differs: "on purpose",
    in: "answers",
    of: "local",
    because:
      "For a missing instance the local engine returns `instance.not_found`, production `(instance.not_found) Instance not found`.",
    section: "§16.2",
    without: (lines) =>
      lines.map((line) =>
        line.replace('rejected: Error("instance.not_found")', 'rejected: Error("(instance.not_found) Instance not found")'),
      ),
  },
  {
    differs: "local defect",
    in: "log",
    of: "both",
    because: "The local engine's log loses the message of a wait that timed out.",
    section: "§11",
    without: (lines) =>
      lines.map((line) => line.replace(/^(waitForEvent .*) \(WorkflowTimeoutError: .*\)$/, "$1 (WorkflowTimeoutError)")),
  },
];

function withoutWaiting(events: readonly string[]): readonly string[] {
  let waiting = false;
  return events.filter((event) => {
    const leaves = waiting && event === "workflow_running";
    if (event === "workflow_waiting") waiting = true;
    else if (event.startsWith("workflow_")) waiting = false;
    return event !== "workflow_waiting" && !leaves;
  });
}
