/**
 * Events as they are written, to the journal and between threads. Most steps succeed at their first attempt, and most of
 * those in one go; their four events say the name four times and else nearly nothing, so they are written as one entry.
 */
import type { DoEvent, StepConfig } from "../instance/events.ts";
import type { Encoded } from "../values/value.ts";

/**
 * A step that succeeded at once: name, count, output (null for `undefined`), its configuration unless it is the default
 * (null, where more follows), and whether it can be undone.
 */
export type PackedStep = readonly [
  name: string,
  count: number,
  output: Encoded | null,
  config?: StepConfig | null,
  rollback?: true,
];

const LENGTH = 4;

/** Replaces the events of each step that succeeded at once by one entry; all else, which may be anything, stays. */
export function pack<T>(entries: readonly (T | DoEvent)[]): (T | DoEvent | PackedStep)[] {
  const packed: (T | DoEvent | PackedStep)[] = [];
  for (let i = 0; i < entries.length; i += 1) {
    const step = packedAt(entries, i);
    if (step === undefined) packed.push(entries[i] as T | DoEvent);
    else {
      packed.push(step);
      i += LENGTH - 1;
    }
  }
  return packed;
}

/** The four events of a packed step. */
export function unpack([name, count, output, config, rollback]: PackedStep): DoEvent[] {
  return [
    config === undefined
      ? { type: "step_started", name, count }
      : { type: "step_started", name, count, ...(config !== null && { config }), ...(rollback && { rollback }) },
    { type: "attempt_started", name, count, attempt: 1 },
    { type: "attempt_completed", name, count, attempt: 1 },
    output === null ? { type: "step_completed", name, count } : { type: "step_completed", name, count, output },
  ];
}

function packedAt(entries: readonly unknown[], at: number): PackedStep | undefined {
  const started = entries[at] as DoEvent | undefined;
  if (started?.type !== "step_started" || at + LENGTH > entries.length) return undefined;
  const { name, count, config, rollback } = started;
  const [begun, ended, completed] = [entries[at + 1], entries[at + 2], entries[at + 3]] as DoEvent[];
  if (begun?.type !== "attempt_started" || begun.attempt !== 1 || !isOf(begun, name, count)) return undefined;
  if (ended?.type !== "attempt_completed" || !isOf(ended, name, count)) return undefined;
  if (completed?.type !== "step_completed" || !isOf(completed, name, count)) return undefined;
  const { output = null } = completed;
  // A stream is never quick: what refers to one stays as it is.
  if (typeof output === "object" && output !== null) return undefined;
  if (rollback !== undefined) return [name, count, output, config ?? null, rollback];
  return config === undefined ? [name, count, output] : [name, count, output, config];
}

function isOf(event: DoEvent, name: string, count: number): boolean {
  return event.name === name && event.count === count;
}
