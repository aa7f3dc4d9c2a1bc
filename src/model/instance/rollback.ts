/**
 * Rollback: the steps of an instance that is to end without success are undone, the last started first, one at a time,
 * by the handlers that user code gave with them. Here are the state of that phase, its fold and its rules.
 *
 * The phase begins when `run` rejects or when the instance is terminated with `rollback`, provided that there is a
 * step to undo: one that has a handler and has started, whatever became of it. It ends with the event that the instance
 * would have ended with at once. While it lasts an instance can be terminated, which cuts it short, restarted or deleted;
 * there is nothing in it to pause. Events that are sent to it meanwhile are kept, for a restart from a step.
 */
import { evolveAttempt, followsPhase, startsSomething } from "../step/attempts.ts";
import { wrongConfig, wrongFailure } from "../step/claims.ts";
import type { Decision } from "./command.ts";
import type { EventBody, RollbackPhaseEvent, RollbackStepEvent, RunErrored } from "./events.ts";
import type { ErrorInfo } from "../values/error-info.ts";
import type { DoStep, InstanceState, RollbackState, Stamp } from "./state.ts";
import { isTooMany, losses, lostAttempt, neverStarts, type Loss } from "./loss.ts";
import { isFinal } from "./status.ts";
import { statusAfter } from "./event-kinds.ts";
import { DEFAULT_STEP_CONFIG } from "../step/config.ts";

/** The error that handlers are given when the instance is terminated. */
const TERMINATED: ErrorInfo = { name: "Terminated", message: "Instance terminated during rollback" };

const CUT_SHORT: ErrorInfo = { name: "Terminated", message: "Instance terminated before its rollback was over" };

/** The steps that a rollback would undo, in the order in which they had started. */
function undoable(state: InstanceState): DoStep[] {
  const steps: DoStep[] = [];
  for (const step of state.steps) if (step.kind === "do" && step.rollback) steps.push(step);
  return steps;
}

// The fold

/** True for the events of the phase. */
export function isOfRollback<E extends { readonly type: string }>(event: E): event is Extract<E, { type: `rollback_${string}` }> {
  return event.type.startsWith("rollback_");
}

/** Folds an event of the phase. */
export function evolveRollback(state: InstanceState, event: RollbackStepEvent | RollbackPhaseEvent, stamp: Stamp): void {
  switch (event.type) {
    case "rollback_started":
      state.status = statusAfter(event.type) ?? state.status;
      state.pausedAt = null;
      startsSomething(state);
      state.open.clear();
      state.rollback = {
        error: event.error,
        trigger: event.trigger ?? event.error,
        end: event.end,
        remaining: undoable(state),
        step: undefined,
      };
      return;
    case "rollback_completed":
    case "rollback_errored":
      return;
    default:
      evolveHandler(state, event, stamp);
  }
}

function evolveHandler(state: InstanceState, event: RollbackStepEvent, stamp: Stamp): void {
  const { rollback } = state;
  if (rollback === undefined) throw new Error(`The journal has ${event.type} outside of a rollback`);
  if (event.type === "rollback_step_started") {
    rollback.step = handlerStep(rollback.remaining.at(-1), event.config ?? DEFAULT_STEP_CONFIG);
    state.open.add(rollback.step);
    startsSomething(state);
    return;
  }
  const { step } = rollback;
  if (step === undefined) throw new Error(`The journal has ${event.type} without the start of the handler`);
  switch (event.type) {
    case "rollback_step_completed":
      rollback.remaining.pop();
      break;
    case "rollback_step_errored":
      break;
    default:
      evolveAttempt(step, event, stamp);
      if (event.type === "rollback_attempt_started") startsSomething(state);
      return;
  }
  state.open.delete(step);
  rollback.step = undefined;
}

function handlerStep(undone: DoStep | undefined, config: DoStep["config"]): DoStep {
  if (undone === undefined) throw new Error("The journal undoes a step that is none");
  const { id, name, count } = undone;
  const phase = { is: "started" } as const;
  return { id, kind: "do", name, count, config, rollback: false, attempts: 0, lost: undefined, phase, settledIn: undefined };
}

// The rules

/** `run` has rejected: the instance ends, once what can be undone is undone. */
export function runErrored(state: InstanceState, { error, trigger, rollback, frame }: RunErrored): EventBody {
  if (rollback === "never" || undoable(state).length === 0)
    return { type: "workflow_errored", error, ...(frame !== undefined && { frame }) };
  return { type: "rollback_started", error, ...(trigger && { trigger }), end: "errored" };
}

/** Terminates an instance; one that is rolling back already ends at once unless a rollback is requested. */
export function terminate(state: InstanceState, rollback: boolean): Decision {
  if (isFinal(state.status)) return { refused: "instance.cannot_terminate" };
  if (state.status === "rollingBack") {
    if (rollback) return { events: [] };
    return { events: [{ type: "rollback_errored", error: CUT_SHORT }, { type: "workflow_terminated" }] };
  }
  if (!rollback || undoable(state).length === 0) return { events: [{ type: "workflow_terminated" }] };
  return { events: [{ type: "rollback_started", error: TERMINATED, end: "terminated" }] };
}

/** A fact from the code that runs the handlers. After the last handler, and after one that failed, the instance ends. */
export function recordRollback(state: InstanceState, event: RollbackStepEvent): Decision {
  const { rollback } = state;
  if (state.status !== "rollingBack" || rollback === undefined || !follows(rollback, event)) {
    return { refused: "runtime.out_of_order", detail: `${event.type} of step "${event.name}" (${event.count})` };
  }
  if (event.type === "rollback_step_errored") return { events: [event, ...halted(rollback, event.error)] };
  if (event.type !== "rollback_step_completed" || rollback.remaining.length > 1) return { events: [event] };
  return { events: [event, { type: "rollback_completed" }, last(rollback)] };
}

function follows({ remaining, step }: RollbackState, event: RollbackStepEvent): boolean {
  const next = remaining.at(-1);
  if (next?.name !== event.name || next.count !== event.count) return false;
  if (event.type === "rollback_step_started") return step === undefined && wrongConfig(event.config) === undefined;
  if (event.type === "rollback_attempt_errored" && step !== undefined && wrongFailure(step, event) !== undefined) return false;
  return step !== undefined && followsPhase(step, event.type, "attempt" in event ? event.attempt : undefined);
}

/** The run of the handlers is gone, and with it the running attempt. `now` is epoch milliseconds. */
export function recoverRollback(state: InstanceState, loss: Loss, now: number): EventBody[] {
  const { rollback } = state;
  const events: EventBody[] = [{ type: "workflow_recovered", lost: loss.kind }];
  if (rollback === undefined) return events;
  const total = losses(state, loss);
  if (isTooMany(total)) return [...events, ...halted(rollback, neverStarts(loss, total.alone + total.shared))];
  const lost = rollback.step && lostAttempt(rollback.step, loss, now);
  if (rollback.step === undefined || lost === undefined) return events;
  const { name, count } = rollback.step;
  events.push({ type: "rollback_attempt_errored", name, count, ...lost });
  if (lost.retryDelayMs !== undefined) return events;
  return [...events, { type: "rollback_step_errored", name, count, error: lost.error }, ...halted(rollback, lost.error)];
}

/** No further handler is run: the instance ends as it was going to, and says that its rollback failed. */
export function halted(rollback: RollbackState, error: ErrorInfo): EventBody[] {
  return [{ type: "rollback_errored", error }, last(rollback)];
}

function last({ end, error }: RollbackState): EventBody {
  return end === "errored" ? { type: "workflow_errored", error } : { type: "workflow_terminated" };
}
