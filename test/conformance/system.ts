/** What both systems do: run a scenario and tell what came of it. */
import type { Scenario } from "./scenario.ts";
import type { Outcome } from "./worker/driver.ts";

/** An outcome with everything that is compared. */
export interface Observation extends Outcome {
  /** The step log, a line for each step. */
  readonly log: readonly string[];
}

export interface System {
  run(scenario: Scenario): Promise<Observation>;
  close(): Promise<void>;
}

/** A step of the log of the local explorer's API, which both systems have. */
interface LoggedStep {
  readonly name: string;
  readonly type: string;
  readonly success?: boolean | null;
  readonly finished?: boolean;
  readonly error?: { readonly name: string; readonly message: string } | null;
  readonly attempts?: readonly { readonly success: boolean | null }[];
}

/** The lines of the log in an answer of the explorer's API. Entries that are no steps are left out. */
export function logOf(answer: unknown): string[] {
  const { result } = answer as { result?: { steps?: readonly LoggedStep[] } | null };
  return (result?.steps ?? []).filter(({ type }) => type !== "termination" && type !== "rollback").map(line);
}

function line({ name, type, success, finished, error, attempts }: LoggedStep): string {
  const result = type === "step" ? ended(success) : ended(finished === true ? true : null);
  const tries = attempts === undefined ? "" : ` after ${attempts.map((each) => ended(each.success)).join(", ") || "nothing"}`;
  return `${type} ${name}: ${result}${tries}${error ? ` (${error.name}: ${error.message})` : ""}`;
}

function ended(success: boolean | null | undefined): string {
  if (success === true) return "done";
  return success === false ? "failed" : "open";
}
