/** `step.sleep` and `step.sleepUntil`: the wake time is recorded once; the engine says when it has come, replays included. */
import { isSelected } from "../../model/step/arrangement.ts";
import { durationMs, InvalidDuration } from "../../model/time/duration.ts";
import { LIMITS } from "../../model/limits.ts";
import { isWaitName } from "../../model/platform/names.ts";
import { duringRollback, fatal, never } from "./fatal.ts";
import type { Run } from "../run/run.ts";

/** Sleeps that long from its first encounter. Zero and negative durations end at once. */
export function sleep(run: Run, name: unknown, duration: number | string): Promise<void> {
  return sleepStep(run, String(name), (now) => {
    const ms = parse(String(name), duration);
    return { durationMs: ms, wakeAt: now + Math.max(0, ms) };
  });
}

/** Sleeps until a moment. One that lies in the past is refused — unless the sleep had begun before it passed. */
export function sleepUntil(run: Run, name: unknown, timestamp: Date | number): Promise<void> {
  return sleepStep(run, String(name), (now) => {
    const wakeAt = timestamp instanceof Date ? timestamp.getTime() : timestamp;
    if (typeof wakeAt !== "number" || !Number.isFinite(wakeAt)) {
      throw fatal(`Sleep "${String(name)}" needs a valid Date or a number of milliseconds since 1970`);
    }
    if (wakeAt < now) throw new Error("You can't sleep until a time in the past, time-traveler");
    checkLength(String(name), wakeAt - now);
    return { durationMs: wakeAt - now, wakeAt };
  });
}

async function sleepStep(run: Run, name: string, plan: (now: number) => { durationMs: number; wakeAt: number }): Promise<void> {
  if (run.isCompensating) throw duringRollback();
  if (!isWaitName(name)) throw fatal(`A sleep has a name that is longer than ${LIMITS.waitName} characters`);
  const { count, id } = run.nextKey("sleep", name);
  const known = run.history.outcome(id);
  const outcome = known instanceof Promise ? await known : known;
  if (outcome?.state === "slept") return;
  if (run.replay !== undefined) return run.replay.skip();
  if (outcome === undefined) {
    const planned = plan(run.now());
    const held = run.gate();
    if (held !== undefined) await held;
    const skipped = run.arrangements !== undefined && isSelected(run.arrangements, "sleeps", name, count);
    run.emit({ type: "sleep_started", name, count, ...planned, ...(skipped && { wakeAt: run.now() }) });
  } else if (outcome.state !== "pending") return never();
  await run.settled(id);
}

function parse(name: string, duration: number | string): number {
  try {
    const ms = durationMs(duration);
    checkLength(name, ms);
    return ms;
  } catch (cause) {
    if (cause instanceof InvalidDuration) throw fatal(`Sleep "${name}": ${cause.message}`);
    throw cause;
  }
}

function checkLength(name: string, ms: number): void {
  if (ms > LIMITS.waitMs) throw fatal(`Sleep "${name}" is longer than the maximum of 366 days`);
}
