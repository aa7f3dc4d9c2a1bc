/**
 * The rules: what may happen to an instance next. `decide` looks at the state, a command and the time, and answers with
 * the events to record, or with the reason why there are none. It changes nothing; `evolve` does, with what is recorded.
 */
import type { Command, Decision } from "./command.ts";
import { arrivals, type Waiter } from "./arrivals.ts";
import { followsPhase } from "../step/attempts.ts";
import { wrongFailure, wrongOutput, wrongStart } from "../step/claims.ts";
import type { DoEvent, EventBody, RollbackStepEvent, RuntimeEvent } from "./events.ts";
import type { ErrorInfo } from "../values/error-info.ts";
import { dueAt, isWorking } from "./due.ts";
import type { DoStep, InstanceState, StepState } from "./state.ts";
import { LIMITS } from "../limits.ts";
import { isTooMany, losses, lostAttempt, neverStarts, WITH_SERVER, type Loss } from "./loss.ts";
import { hasStep } from "./restart.ts";
import { halted, isOfRollback, recordRollback, recoverRollback, runErrored, terminate } from "./rollback.ts";
import { skipDelay } from "../step/skip-delay.ts";
import { isFinal } from "./status.ts";
import { stepId, type StepKey, type StepName } from "../step/step.ts";
import type { Encoded } from "../values/value.ts";

const NOTHING: Decision = { events: [] };

/** Decides what a command does to an instance. Pure. */
export function decide(state: InstanceState, command: Command, now: number): Decision {
  switch (command.type) {
    case "record":
      return record(state, command.event, now);
    case "claim":
      return claim(state, now);
    case "idle":
      return idle(state);
    case "wake":
      return wake(state, now);
    case "recover":
      return recover(state, command.loss, now);
    case "suspend":
      return suspend(state, command.reason, now);
    case "send_event":
      return sendEvent(state, command.eventType, command.payload, now);
    case "hold_event":
      return isFinal(state.status)
        ? { refused: "instance.in_finite_state" }
        : keepEvent(state, command.eventType, command.payload);
    case "skip_delay":
      return skipDelay(state, command.step, now);
    case "pause":
      return pause(state);
    case "resume":
      return resume(state);
    case "terminate":
      return terminate(state, command.rollback);
    case "restart":
      return restart(state, command.versionId, command.from);
    case "fail":
      return fail(state, command.error);
  }
}

/** Facts from the runtime are input like any other: order and kind are checked against what is known. */
function record(state: InstanceState, event: RuntimeEvent, now: number): Decision {
  const { status } = state;
  if (isOfRollback(event)) return recordRollback(state, event);
  if (status !== "running" && status !== "waiting" && status !== "waitingForPause") {
    return { refused: "runtime.out_of_order", detail: `${event.type} while ${status}` };
  }
  const wrong = contradiction(state, event, now);
  if (wrong !== undefined) return { refused: "runtime.out_of_order", detail: wrong };
  const fact = event.type === "workflow_errored" ? runErrored(state, event) : event;
  const events: EventBody[] = status === "waiting" ? [{ type: "workflow_running" }, fact] : [fact];
  if (state.bufferedCount > 0 && (status === "waiting" || event.type === "wait_started")) {
    const waits = event.type === "wait_started" && event.timeoutMs > 0;
    events.push(...deliveries(state, waits ? { ...event, dueAt: now + event.timeoutMs } : undefined));
  }
  if (event.type === "sleep_started" && event.wakeAt <= now) {
    events.push({ type: "sleep_completed", name: event.name, count: event.count });
  } else if (event.type === "wait_started" && event.timeoutMs === 0) {
    events.push({ type: "wait_timed_out", name: event.name, count: event.count });
  }
  return { events };
}

/** Says why an event cannot follow the state, or undefined when it can. */
function contradiction(state: InstanceState, event: Exclude<RuntimeEvent, RollbackStepEvent>, now: number): string | undefined {
  switch (event.type) {
    case "workflow_completed":
      return wrongOutput(event.output, false);
    case "workflow_errored":
      return undefined;
    case "step_started":
      return known(state, stepId("do", event.name, event.count), event.type) ?? wrongStart(event, now);
    case "sleep_started":
      return known(state, stepId("sleep", event.name, event.count), event.type) ?? wrongStart(event, now);
    case "wait_started":
      return known(state, stepId("waitForEvent", event.name, event.count), event.type) ?? wrongStart(event, now);
    default: {
      const step = state.byId.get(stepId("do", event.name, event.count));
      if (step?.kind !== "do") return `${event.type} of a step that has not started`;
      const isNext = followsPhase(step, event.type, "attempt" in event ? event.attempt : undefined);
      const wrong = isNext ? wrongEnd(step, event) : `while ${step.phase.is}`;
      return wrong && `${event.type} of step "${event.name}" (${event.count}): ${wrong}`;
    }
  }
}

function wrongEnd(step: DoStep, event: DoEvent): string | undefined {
  if (event.type === "step_completed") return wrongOutput(event.output, step.config.sensitive !== undefined);
  return event.type === "attempt_errored" ? wrongFailure(step, event) : undefined;
}

function known(state: InstanceState, id: string, type: string): string | undefined {
  if (state.byId.has(id)) return `${type} of a step that has started already`;
  return state.steps.length >= 4 * LIMITS.stepsCeiling ? "too many steps" : undefined;
}

function claim(state: InstanceState, now: number): Decision {
  if (state.status !== "queued") return NOTHING;
  const events: EventBody[] = state.startedAt === null ? [{ type: "workflow_started" }] : [];
  events.push({ type: "workflow_running" }, ...endedWaits(state, now));
  return { events };
}

type Delivery = Extract<EventBody, { type: "wait_completed" }>;

/** Deliveries to waiters of the events that were kept while the instance could not take them. */
function deliveries(state: InstanceState, newcomer?: Waiter): Delivery[] {
  return arrivals(state, newcomer).map(({ waiter: { name, count }, event }) => ({
    type: "wait_completed",
    name,
    count,
    ...event,
  }));
}

/** What the waiting steps have come to by now: events that came in time, then what is over, the earliest first. */
function endedWaits(state: InstanceState, now: number): EventBody[] {
  const delivered = deliveries(state);
  const over = timeouts(state, now);
  if (delivered.length === 0) return over;
  const isDelivered = (each: EventBody): boolean => each.type === "wait_timed_out" && isAmong(delivered, each);
  return [...delivered, ...over.filter((each) => !isDelivered(each))];
}

function isAmong(delivered: readonly Delivery[], { name, count }: StepName): boolean {
  return delivered.some((each) => each.name === name && each.count === count);
}

function idle(state: InstanceState): Decision {
  if (isWorking(state)) return NOTHING;
  if (state.status === "waitingForPause") return { events: [{ type: "workflow_paused" }] };
  if (state.status === "running" && state.open.size > 0) return { events: [{ type: "workflow_waiting" }] };
  return NOTHING;
}

function wake(state: InstanceState, now: number): Decision {
  const { status } = state;
  if (status !== "waiting" && status !== "running" && status !== "waitingForPause") return NOTHING;
  const ended = endedWaits(state, now);
  if (status !== "waiting") return { events: ended };
  const retry = [...state.open].some((step) => step.kind === "do" && isDue(step, now));
  return ended.length > 0 || retry ? { events: [{ type: "workflow_running" }, ...ended] } : NOTHING;
}

function isDue(step: StepState, now: number): boolean {
  const due = dueAt(step);
  return due !== undefined && due <= now;
}

/** Sleeps that are over and waits that have lasted too long, the earliest first. */
function timeouts(state: InstanceState, now: number): Extract<EventBody, { type: "sleep_completed" | "wait_timed_out" }>[] {
  const due: StepState[] = [];
  for (const step of state.open) if (step.kind !== "do" && isDue(step, now)) due.push(step);
  due.sort((a, b) => (dueAt(a) ?? 0) - (dueAt(b) ?? 0));
  return due.map(({ kind, name, count }) => ({ type: kind === "sleep" ? "sleep_completed" : "wait_timed_out", name, count }));
}

function sendEvent(state: InstanceState, eventType: string, payload: Encoded, now: number): Decision {
  const { status } = state;
  if (isFinal(status)) return { refused: "instance.in_finite_state" };
  if (status === "paused" || status === "queued") return keepEvent(state, eventType, payload);
  const earlier = deliveries(state);
  const waiter = firstWaiter(state, eventType, now, earlier);
  if (waiter === undefined) return keepEvent(state, eventType, payload);
  const delivered: EventBody = { type: "wait_completed", name: waiter.name, count: waiter.count, payload, receivedAt: now };
  const events = [...earlier, delivered];
  return { events: status === "waiting" ? [{ type: "workflow_running" }, ...events] : events };
}

function keepEvent(state: InstanceState, eventType: string, payload: Encoded): Decision {
  if (state.bufferedCount < LIMITS.bufferedEvents) return { events: [{ type: "event_received", eventType, payload }] };
  return {
    refused: "instance.too_many_events",
    detail: `The instance already has ${LIMITS.bufferedEvents} unconsumed events`,
  };
}

/** The step that has waited longest for such an event, and that neither is over nor gets one that came before. */
function firstWaiter(state: InstanceState, eventType: string, now: number, earlier: readonly Delivery[]): StepState | undefined {
  for (const step of state.open) {
    if (step.kind !== "waitForEvent" || step.eventType !== eventType || step.dueAt < now) continue;
    if (!isAmong(earlier, step)) return step;
  }
  return undefined;
}

function pause(state: InstanceState): Decision {
  switch (state.status) {
    case "running":
      return { events: [{ type: "workflow_waiting_for_pause" }] };
    case "waiting":
      // No running attempt for the pause to wait for.
      return { events: [{ type: "workflow_waiting_for_pause" }, { type: "workflow_paused" }] };
    case "queued":
      return { events: [{ type: "workflow_paused" }] };
    default:
      return NOTHING;
  }
}

function resume(state: InstanceState): Decision {
  if (state.status === "paused") return { events: [{ type: "workflow_resumed" }] };
  if (state.status === "waitingForPause") return { events: [{ type: "workflow_running" }] };
  return NOTHING;
}

function restart(state: InstanceState, versionId: string, from: StepKey | undefined): Decision {
  if (from !== undefined && !hasStep(state, from)) {
    return { refused: "instance.cannot_restart", detail: `Step "${from.name}" not found in execution history` };
  }
  const { trigger, params, schedule, retention } = state;
  return {
    events: [
      {
        type: "workflow_queued",
        versionId,
        trigger,
        params,
        ...(schedule && { schedule }),
        ...(retention && { retention }),
        ...(from && { from }),
      },
    ],
  };
}

function fail(state: InstanceState, error: ErrorInfo): Decision {
  if (isFinal(state.status)) return NOTHING;
  if (state.status === "rollingBack" && state.rollback !== undefined) return { events: halted(state.rollback, error) };
  return { events: [{ type: "workflow_errored", error }] };
}

/** Running attempts are lost; an instance that takes its host down again and again without starting any fails itself. */
function recover(state: InstanceState, loss: Loss, now: number): Decision {
  if (state.status === "rollingBack") return { events: recoverRollback(state, loss, now) };
  if (state.status !== "running" && state.status !== "waitingForPause") return NOTHING;
  const recovered = { type: "workflow_recovered", lost: loss.kind } as const;
  const total = losses(state, loss);
  if (isTooMany(total)) {
    return { events: [recovered, { type: "workflow_errored", error: neverStarts(loss, total.alone + total.shared) }] };
  }
  const events: EventBody[] = [recovered, ...lostAttempts(state, loss, now)];
  if (state.status === "waitingForPause") events.push({ type: "workflow_paused" });
  return { events };
}

function suspend(state: InstanceState, reason: string, now: number): Decision {
  if (state.status === "paused" || state.status === "rollingBack" || isFinal(state.status)) return NOTHING;
  return { events: [...lostAttempts(state, WITH_SERVER, now), { type: "workflow_paused", reason }] };
}

function lostAttempts(state: InstanceState, loss: Loss, now: number): EventBody[] {
  const events: EventBody[] = [];
  for (const step of state.open) {
    if (step.kind !== "do") continue;
    const { name, count } = step;
    const lost = lostAttempt(step, loss, now);
    if (lost !== undefined) events.push({ type: "attempt_errored", name, count, ...lost });
    // A failed attempt that was its last, without the end of the step that goes with it, has not been heard whole.
    if (step.phase.is === "failed" || (lost !== undefined && lost.retryDelayMs === undefined))
      events.push({ type: "step_errored", name, count });
  }
  return events;
}
