/**
 * What replay needs: for each step that had begun, how it ended or that it has not. Built in windows, in the order in
 * which the steps started, reading only the journal rows that hold an outcome.
 */
import type { InstanceEvent } from "../../model/instance/events.ts";
import { dueAt } from "../../model/instance/due.ts";
import type { StepState } from "../../model/instance/state.ts";
import { LIMITS } from "../../model/limits.ts";
import { stepId, type StepKey } from "../../model/step/step.ts";
import type { Encoded } from "../../model/values/value.ts";
import type { Outcome } from "../../protocol/frames.ts";
import type { Store } from "../../ports/store.ts";
import type { Vault } from "../../ports/vault.ts";
import type { Live } from "../state/live.ts";
import type { Reads } from "../reading/reads.ts";
import { readRow } from "../journal/row.ts";
import { opened } from "../journal/seal.ts";

/** How many rows are asked for at once. Outcomes may be as large as a megabyte each. */
const ROWS_AT_ONCE = 64;

type OutcomeEvent = Extract<InstanceEvent, { type: "step_completed" | "wait_completed" }>;

/** Where outcomes are, what opens the secret ones, and who else reads. */
interface Source {
  readonly store: Store;
  readonly vault: Vault;
  readonly reads: Reads;
}

/**
 * The outcomes of steps number `from` on, as many as make a window; all that was recorded must be durable. Rejects as
 * `Vault.open` throws when one of them cannot be opened.
 */
export async function historyWindow(source: Source, live: Live, from: number, now: number): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let bytes = 0;
  while (from + outcomes.length < live.state.steps.length && bytes < LIMITS.historyWindowBytes) {
    const at = from + outcomes.length;
    const steps = live.state.steps.slice(at, at + ROWS_AT_ONCE);
    const found = await outcomeEvents(source, live, steps);
    for (const step of steps) {
      if (found.unread.has(step.settledIn)) break;
      const outcome = outcomeOf(step, found.events.get(step), now, (output) => opened(source.vault, live, step, output));
      bytes += 64 + outcomeBytes(outcome);
      outcomes.push(outcome);
      if (bytes >= LIMITS.historyWindowBytes) break;
    }
  }
  return outcomes;
}

/** The outcome of one step, under the same conditions. */
export async function outcomeOfStep(source: Source, live: Live, step: StepState, now: number): Promise<Outcome> {
  const { events } = await outcomeEvents(source, live, [step]);
  return outcomeOf(step, events.get(step), now, (output) => opened(source.vault, live, step, output));
}

/** What has been read of steps' outcomes: as much as is a window, beginning with the first step. */
interface FoundOutcomes {
  readonly events: ReadonlyMap<StepState, OutcomeEvent>;
  /** Rows that were not read. */
  readonly unread: ReadonlySet<number | undefined>;
}

/** Only successes are looked up: whether a step failed, and how, is in the state. */
async function outcomeEvents({ store, reads }: Source, live: Live, steps: readonly StepState[]): Promise<FoundOutcomes> {
  const seqs = new Set<number>();
  for (const step of steps) if (step.settledIn !== undefined) seqs.add(step.settledIn);
  const events = new Map<StepState, OutcomeEvent>();
  if (seqs.size === 0) return { events, unread: seqs };
  const turn = reads.turn();
  if (turn !== undefined) await turn;
  const wanted = new Set(steps);
  const rows = await store.rows(live.pk, [...seqs], LIMITS.historyWindowBytes);
  for (const row of rows) {
    reads.did(row.events.length);
    for (const event of readRow(row)) {
      if (event.type !== "step_completed" && event.type !== "wait_completed") continue;
      const kind = event.type === "step_completed" ? "do" : "waitForEvent";
      const step = live.state.byId.get(stepId(kind, event.name, event.count));
      // A step that a restart has wiped may have had the same name.
      if (step?.settledIn === row.seq && wanted.has(step)) events.set(step, event);
    }
  }
  const last = rows.at(-1)?.seq;
  return { events, unread: new Set([...seqs].slice(last === undefined ? seqs.size : [...seqs].indexOf(last) + 1)) };
}

/** How a step stands, given the event that ended it if that carries a value. */
function outcomeOf(step: StepState, event: OutcomeEvent | undefined, now: number, open: (output: Encoded) => Encoded): Outcome {
  const key: StepKey = { kind: step.kind, name: step.name, count: step.count };
  switch (step.kind) {
    case "sleep":
      return { key, state: step.settledIn === undefined ? "pending" : "slept" };
    case "waitForEvent":
      if (step.timedOut) return { key, state: "timedOut", timeoutMs: step.timeoutMs };
      if (event?.type !== "wait_completed") return { key, state: "pending" };
      return { key, state: "received", eventType: step.eventType, payload: event.payload, receivedAt: event.receivedAt };
    case "do": {
      if (step.phase.is === "errored") return { key, state: "errored", error: step.phase.error };
      if (step.phase.is === "completed") {
        const recorded = event?.type === "step_completed" ? event.output : undefined;
        if (typeof recorded === "object") return { key, state: "completed", output: recorded.stream };
        return { key, state: "completed", ...(recorded !== undefined && { output: open(recorded) }) };
      }
      const due = (dueAt(step) ?? now) <= now;
      const lost = step.lost && { lost: step.lost.attempts };
      return { key, state: "retrying", attempts: step.attempts, ...lost, due, config: step.config };
    }
  }
}

function outcomeBytes(outcome: Outcome): number {
  if (outcome.state === "completed") return typeof outcome.output === "string" ? outcome.output.length : 0;
  return outcome.state === "received" ? outcome.payload.length : 0;
}
