/**
 * The identity of a step: its kind, its name and how often that pair has been used before. A duration is no part of it,
 * so that changing `"1 hour"` to `"2 hours"` leaves a sleep the same sleep.
 */

/** The three kinds of steps, counted separately. */
export type StepKind = "do" | "sleep" | "waitForEvent";

/** A step among those of its kind. */
export interface StepName {
  readonly name: string;
  /** 1-based: the n-th use of the name for this kind of step. */
  readonly count: number;
}

export interface StepKey extends StepName {
  readonly kind: StepKind;
}

/** A string that two keys share exactly when they are the same step. */
export function stepId(kind: StepKind, name: string, count: number): string {
  return `${kind} ${count} ${name}`;
}

/** The name that logs, events and the REST API show. */
export function displayName(name: string, count: number): string {
  return `${name}-${count}`;
}
