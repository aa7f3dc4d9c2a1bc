/** `step.waitForEvent`: registers a waiter with the engine, which hands each event to exactly one of them. */
import { isSelected } from "../../model/step/arrangement.ts";
import { durationMs, InvalidDuration } from "../../model/time/duration.ts";
import { DEFAULT_WAIT_MS, LIMITS } from "../../model/limits.ts";
import { isEventType, isWaitName } from "../../model/platform/names.ts";
import { revive } from "../../model/values/thrown.ts";
import { decode } from "../../model/values/value.ts";
import { duringRollback, fatal, never } from "./fatal.ts";
import type { Run } from "../run/run.ts";

/** What a waiter is given. */
export interface WaitedEvent {
  readonly payload: unknown;
  readonly type: string;
  /** When the event was received. */
  readonly timestamp: Date;
}

/** Waits for an event of this type, 24 hours by default. Undefined only in a replay that executes nothing. */
export async function waitForEvent(run: Run, stepName: unknown, options: unknown): Promise<WaitedEvent | undefined> {
  const name = String(stepName);
  const { type, timeout } = (options ?? {}) as { type?: unknown; timeout?: unknown };
  if (typeof type !== "string" || !isEventType(type)) {
    throw fatal(`Step "${name}" waits for an invalid event type: use 1 to ${LIMITS.eventType} letters, digits, _ and -`);
  }
  const timeoutMs = parse(name, timeout);
  if (run.isCompensating) throw duringRollback();
  if (!isWaitName(name)) throw fatal(`A step has a name that is longer than ${LIMITS.waitName} characters`);
  const { count, id } = run.nextKey("waitForEvent", name);
  const known = run.history.outcome(id);
  let outcome = known instanceof Promise ? await known : known;
  if (run.replay !== undefined && (outcome === undefined || outcome.state === "pending")) return run.replay.skip();
  if (outcome === undefined) {
    const held = run.gate();
    if (held !== undefined) await held;
    const forced = run.arrangements !== undefined && isSelected(run.arrangements, "waits", name, count);
    run.emit({ type: "wait_started", name, count, eventType: type, timeoutMs: forced ? 0 : timeoutMs });
  }
  if (outcome === undefined || outcome.state === "pending") outcome = await run.settled(id);
  switch (outcome.state) {
    case "received":
      return { payload: decode(outcome.payload), type: outcome.eventType, timestamp: new Date(outcome.receivedAt) };
    case "timedOut":
      throw revive({ name: "WorkflowTimeoutError", message: `Execution timed out after ${outcome.timeoutMs}ms` });
    default:
      return never();
  }
}

function parse(name: string, timeout: unknown): number {
  if (timeout === undefined || timeout === null || timeout === 0 || timeout === "") return DEFAULT_WAIT_MS;
  try {
    const ms = durationMs(timeout as number | string);
    // Zero is how a test says that the time is over already.
    if (ms >= 0 && ms <= LIMITS.waitMs) return Math.max(1, ms);
  } catch (cause) {
    if (cause instanceof InvalidDuration) throw fatal(`Step "${name}": ${cause.message}`);
    throw fatal(`Step "${name}" has a timeout that is no duration`);
  }
  throw fatal(`Step "${name}" has a timeout outside the range of 0 to 366 days`);
}
