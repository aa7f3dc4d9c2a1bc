/**
 * Signals to a run what sets it going again, or stops it, once what was recorded so far is durable. These frames are counted: a
 * run that says that it is idle has to have got all of them.
 */
import type { EventBody } from "../../model/instance/events.ts";
import type { StepState } from "../../model/instance/state.ts";
import { stepId, type StepKey } from "../../model/step/step.ts";
import type { Outcome, ToRuntime } from "../../protocol/frames.ts";
import type { Core } from "./core.ts";
import type { Live, Run } from "../state/live.ts";

/** Sends the frame when what it follows from is durable, unless the run is over by then. */
export function signal(
  { journal }: Core,
  live: Live,
  run: Run,
  frame: Extract<ToRuntime, { type: "outcome" | "retry" | "pause" | "unpause" }>,
): void {
  run.signals += 1;
  journal.whenDurable(live, () => {
    if (live.run === run) run.link.send(frame);
  });
}

/** Signals to the runs of a workflow what a test has arranged for them now. */
export function signalArrangements({ arrangements, instances }: Core, workflow: string): void {
  if (arrangements === undefined) return;
  for (const { run, workflow: of, id } of instances.all())
    if (run !== undefined && of === workflow)
      run.link.send({ type: "arrange", run: run.id, arrangements: arrangements.of(workflow, id) });
}

/** Lets an instance in memory go on with what is due, and its run with the attempts whose delay is over. */
export function wakeRun(core: Core, live: Live, now: number): void {
  core.instances.apply(live, { type: "wake" });
  signalRetries(core, live, now);
}

/** Lets the run begin the attempts whose delay has ended since the last time. */
function signalRetries(core: Core, live: Live, now: number): void {
  const { run } = live;
  if (run === undefined) return;
  for (const step of live.state.open) {
    if (step.kind !== "do" || step.phase.is !== "delayed") continue;
    if (step.phase.dueAt > now || step.phase.dueAt <= run.signalledUpTo) continue;
    signalRetry(core, live, run, step);
  }
  run.signalledUpTo = now;
}

/** Lets the run begin the next attempt of a step, once it is durable that the one before has failed. */
function signalRetry(core: Core, live: Live, run: Run, { name, count }: { name: string; count: number }): void {
  signal(core, live, run, { type: "retry", run: run.id, key: { kind: "do", name, count } });
}

/** Signals what has happened to the steps that a run waits in. */
export function signalOutcomes(core: Core, live: Live, events: readonly EventBody[]): void {
  for (const event of events) {
    const { run } = live;
    if (run === undefined) return;
    if (event.type === "attempt_errored" || event.type === "rollback_attempt_errored") {
      // The clock may have been set back: a delay from now on is not over because it once showed a later time.
      run.signalledUpTo = Math.min(run.signalledUpTo, core.clock.now());
      // The alarm passes over delays that ended when it last rang, or before: one as short as that is over already.
      if (isOver(delayedBy(live, event), run.signalledUpTo)) signalRetry(core, live, run, event);
    }
    const outcome = settledOutcome(live, event);
    if (outcome === undefined) continue;
    signal(core, live, run, { type: "outcome", run: run.id, outcome });
  }
}

/** The step, or the handler in the form of one, whose attempt has failed. */
function delayedBy({ state }: Live, event: Extract<EventBody, { retryDelayMs?: number }>): StepState | undefined {
  if (event.type === "rollback_attempt_errored") return state.rollback?.step;
  return state.byId.get(stepId("do", event.name, event.count));
}

/** True when the delay that a failed attempt began had ended by `until`. */
function isOver(step: StepState | undefined, until: number): boolean {
  return step?.kind === "do" && step.phase.is === "delayed" && step.phase.dueAt <= until;
}

function settledOutcome(live: Live, event: EventBody): Outcome | undefined {
  switch (event.type) {
    case "sleep_completed":
      return { key: keyOf("sleep", event), state: "slept" };
    case "wait_completed":
      return {
        key: keyOf("waitForEvent", event),
        state: "received",
        eventType: waitOf(live, event).eventType,
        payload: event.payload,
        receivedAt: event.receivedAt,
      };
    case "wait_timed_out":
      return { key: keyOf("waitForEvent", event), state: "timedOut", timeoutMs: waitOf(live, event).timeoutMs };
    default:
      return undefined;
  }
}

function keyOf(kind: StepKey["kind"], { name, count }: { readonly name: string; readonly count: number }): StepKey {
  return { kind, name, count };
}

function waitOf(live: Live, event: { readonly name: string; readonly count: number }): { eventType: string; timeoutMs: number } {
  const step = live.state.byId.get(stepId("waitForEvent", event.name, event.count));
  return step?.kind === "waitForEvent" ? step : { eventType: "", timeoutMs: 0 };
}
