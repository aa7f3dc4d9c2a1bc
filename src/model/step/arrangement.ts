/**
 * What a test arranges for the steps of an instance, as data: the engine hands it to the runtime, in whatever isolate that is.
 * The rules that say which of several arrangements holds are here, once for all executors.
 */
import type { ErrorInfo } from "../values/error-info.ts";
import type { Encoded } from "../values/value.ts";

/** What is arranged for the steps of one instance, or of all instances of a workflow. */
export interface Arrangement {
  /** Sleeps that end at once. */
  readonly sleeps: StepSelection;
  /** Steps whose retries begin at once. */
  readonly delays: StepSelection;
  /** Waits for events that time out at once. */
  readonly waits: StepSelection;
  /** Attempts of steps, by `arrangedStep`. */
  readonly steps: Readonly<Record<string, ArrangedStep>>;
}

/** All steps of a kind, or those with these keys (`arrangedStep`). */
export type StepSelection = "all" | readonly string[];

/** How the attempts of a step end. */
export interface ArrangedStep {
  /** Those of the first attempts, in order. */
  readonly failures: readonly ArrangedFailure[];
  /** How all other attempts fail. */
  readonly always?: ArrangedFailure;
  /** What attempts return that do not fail. */
  readonly result?: ArrangedResult;
}

/** `timeout` is the step's own. */
export type ArrangedFailure = "timeout" | ErrorInfo;

/** A value, or an encoded array of the chunks of a stream. */
export type ArrangedResult = { readonly output: Encoded } | { readonly chunks: Encoded };

/** How an attempt ends in place of its callback. */
export type ArrangedAttempt =
  | { readonly ends: "failed"; readonly how: ArrangedFailure }
  | { readonly ends: "completed"; readonly result: ArrangedResult };

/** The key of a step: its name, and the 1-based number of its use. */
export function arrangedStep(name: string, count: number): string {
  return `${count} ${name}`;
}

/** How an attempt (1-based) of a step ends: what the first of the arrangements says that says anything. */
export function arrangedAttempt(
  arrangements: readonly Arrangement[],
  name: string,
  count: number,
  attempt: number,
): ArrangedAttempt | undefined {
  const key = arrangedStep(name, count);
  for (const { steps } of arrangements) {
    const step = Object.hasOwn(steps, key) ? steps[key] : undefined;
    const how = step?.failures[attempt - 1] ?? step?.always;
    if (how !== undefined) return { ends: "failed", how };
    if (step?.result !== undefined) return { ends: "completed", result: step.result };
  }
  return undefined;
}

/** Whether a step is among those that one of the arrangements selects. */
export function isSelected(
  arrangements: readonly Arrangement[],
  of: "sleeps" | "delays" | "waits",
  name: string,
  count: number,
): boolean {
  return arrangements.some(({ [of]: selection }) => selection === "all" || selection.includes(arrangedStep(name, count)));
}
