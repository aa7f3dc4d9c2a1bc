/**
 * The fold of a journal: `evolve` takes one event into the state of its instance.
 *
 * A state belongs to the caller that folds: `evolve` changes the one it is given, because an instance may have 25,000 steps and
 * copying them for each event would make long histories quadratic. It stays a pure fold — no clock, no random, no I/O —
 * so the same events always give the same state.
 */
import { buffer, unbuffer } from "./buffered.ts";
import { isEventType, statusAfter } from "./event-kinds.ts";
import type { DoEvent, EventBody, LifecycleEvent, SleepEvent, WaitEvent } from "./events.ts";
import { keepSteps } from "./restart.ts";
import { evolveRollback, isOfRollback } from "./rollback.ts";
import type { DoPhase, InstanceState, Stamp, StepState } from "./state.ts";
import { pausedMs } from "./status.ts";
import { DEFAULT_STEP_CONFIG } from "../step/config.ts";
import { evolveDelay } from "../step/skip-delay.ts";
import { stepId } from "../step/step.ts";
import type { Output } from "../step/stream.ts";
import { evolveAttempt, startsSomething } from "../step/attempts.ts";

/** Folds one event. The state given in is spent; use the one that is returned. */
export function evolve(state: InstanceState | undefined, event: EventBody, stamp: Stamp): InstanceState {
  if (event.type === "workflow_queued") {
    const next = born(event, stamp);
    if (state !== undefined && event.from !== undefined) keepSteps(state, next, event.from, stamp.timestamp);
    return next;
  }
  if (state === undefined) throw new Error(`A journal cannot begin with ${event.type}`);
  state.lastEventId = stamp.eventId;
  switch (event.type) {
    case "step_started":
    case "step_completed":
    case "step_errored":
    case "attempt_started":
    case "attempt_completed":
    case "attempt_errored":
      evolveDo(state, event, stamp);
      return state;
    case "sleep_started":
    case "sleep_completed":
    case "wait_started":
    case "wait_completed":
    case "wait_timed_out":
      evolveWaiting(state, event, stamp);
      return state;
    case "event_received":
      buffer(state, event.eventType, { payload: event.payload, receivedAt: stamp.timestamp });
      return state;
    case "delay_skipped":
      evolveDelay(state, event, stamp.timestamp);
      return state;
    default:
      // A journal written by a newer version: to skip what one does not know would be to make history up.
      if (!isEventType(event.type)) throw new Error(`Unknown event kind ${(event as { type: string }).type}`);
      if (isOfRollback(event)) evolveRollback(state, event, stamp);
      else evolveLifecycle(state, event, stamp);
      return state;
  }
}

function born(event: Extract<EventBody, { type: "workflow_queued" }>, stamp: Stamp): InstanceState {
  return {
    status: "queued",
    lastEventId: stamp.eventId,
    versionId: event.versionId,
    trigger: event.trigger,
    params: event.params,
    schedule: event.schedule,
    retention: event.retention,
    startedAt: null,
    endedAt: null,
    pausedAt: null,
    pausedFor: undefined,
    steps: [],
    byId: new Map(),
    open: new Set(),
    buffered: new Map(),
    bufferedCount: 0,
    rollback: undefined,
    streamBytes: 0,
    recoveries: 0,
    sharedRecoveries: 0,
    sensitive: false,
  };
}

function evolveLifecycle(
  state: InstanceState,
  event: Exclude<LifecycleEvent, { type: "workflow_queued" }>,
  { timestamp }: Stamp,
): void {
  state.status = statusAfter(event.type) ?? state.status;
  switch (event.type) {
    case "workflow_started":
      state.startedAt = timestamp;
      return;
    case "workflow_running":
    case "workflow_waiting":
    case "workflow_waiting_for_pause":
      return;
    case "workflow_paused":
      state.pausedAt = timestamp;
      state.pausedFor = event.reason;
      return;
    case "workflow_resumed":
      postpone(state, pausedMs(state.pausedAt, timestamp));
      state.pausedAt = null;
      state.pausedFor = undefined;
      return;
    case "workflow_recovered":
      // Older versions did not tell one kind of loss from another.
      if (event.lost === undefined || event.lost === "alone") state.recoveries += 1;
      else if (event.lost === "shared") state.sharedRecoveries += 1;
      return;
    case "workflow_completed":
    case "workflow_errored":
    case "workflow_terminated":
      state.endedAt = timestamp;
      state.open.clear();
      return;
  }
}

function evolveDo(state: InstanceState, event: DoEvent, stamp: Stamp): void {
  if (event.type === "step_started") {
    const { name, count, config = DEFAULT_STEP_CONFIG, rollback = false } = event;
    const id = stepId("do", name, count);
    if (config.sensitive !== undefined) state.sensitive = true;
    const phase = { is: "started" } as const;
    begin(state, { id, kind: "do", name, count, config, rollback, attempts: 0, lost: undefined, phase, settledIn: undefined });
    return;
  }
  const step = stepOf(state, "do", event.name, event.count);
  switch (event.type) {
    case "step_completed":
      step.phase = completed(step.phase, event.output);
      state.streamBytes += step.phase.stream?.bytes ?? 0;
      settle(state, step, stamp.seq);
      return;
    case "step_errored": {
      const failed = step.phase.is === "failed" ? step.phase : { error: { name: "Error", message: "" } };
      step.phase = { ...failed, is: "errored" };
      settle(state, step, stamp.seq);
      return;
    }
    default:
      evolveAttempt(step, event, stamp);
      if (event.type === "attempt_started") startsSomething(state);
  }
}

function evolveWaiting(state: InstanceState, event: SleepEvent | WaitEvent, stamp: Stamp): void {
  const { name, count } = event;
  switch (event.type) {
    case "sleep_started": {
      const id = stepId("sleep", name, count);
      begin(state, { id, kind: "sleep", name, count, dueAt: event.wakeAt, settledIn: undefined });
      return;
    }
    case "sleep_completed":
      settle(state, stepOf(state, "sleep", name, count), stamp.seq);
      return;
    case "wait_started": {
      const { eventType, timeoutMs } = event;
      const dueAt = stamp.timestamp + timeoutMs;
      const id = stepId("waitForEvent", name, count);
      begin(state, { id, kind: "waitForEvent", name, count, eventType, timeoutMs, dueAt, timedOut: false, settledIn: undefined });
      return;
    }
    case "wait_completed": {
      const step = stepOf(state, "waitForEvent", name, count);
      unbuffer(state, step.eventType, event.receivedAt, event.payload);
      settle(state, step, stamp.seq);
      return;
    }
    case "wait_timed_out": {
      const step = stepOf(state, "waitForEvent", name, count);
      step.timedOut = true;
      settle(state, step, stamp.seq);
    }
  }
}

function stepOf<K extends StepState["kind"]>(
  state: InstanceState,
  kind: K,
  name: string,
  count: number,
): Extract<StepState, { kind: K }> {
  const step = state.byId.get(stepId(kind, name, count));
  if (step === undefined) throw new Error(`The journal speaks of ${kind} "${name}" (${count}) before it started`);
  return step as Extract<StepState, { kind: K }>;
}

function begin(state: InstanceState, step: StepState): void {
  state.steps.push(step);
  state.byId.set(step.id, step);
  state.open.add(step);
  startsSomething(state);
}

function settle(state: InstanceState, step: StepState, seq: number): void {
  step.settledIn = seq;
  state.open.delete(step);
}

/** What is due becomes due later. */
function postpone(state: InstanceState, byMs: number): void {
  for (const step of state.open) {
    if (step.kind === "do") {
      if (step.phase.is === "delayed") step.phase = { is: "delayed", dueAt: step.phase.dueAt + byMs };
    } else step.dueAt += byMs;
  }
}

/** What a step is at when its attempt has brought this output. */
function completed(phase: DoPhase, output: Output | undefined): Extract<DoPhase, { is: "completed" }> {
  if (typeof output !== "object" || phase.is !== "succeeded") return { is: "completed", stream: undefined };
  return { is: "completed", stream: { id: phase.stream, ...output.stream } };
}
