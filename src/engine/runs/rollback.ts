/**
 * Rolling back. Steps are undone in a run of their own, which takes the handlers over from the run before it where that
 * is still in memory, and else finds them by replay. The engine orders one step at a time, so that outputs for handlers
 * are read when they are needed, and a crash leaves at most one handler to be retried.
 */
import { dueAt } from "../../model/instance/due.ts";
import type { DoStep } from "../../model/instance/state.ts";
import type { Outcome } from "../../protocol/frames.ts";
import { activate, detach, giveUp, launch, stopRun } from "./activate.ts";
import type { Core } from "./core.ts";
import type { Live, Run } from "../state/live.ts";
import { outcomeOfStep } from "./outcomes.ts";

/** The instance has begun to roll back: replaces its run, or starts one. */
export function rollBack(core: Core, live: Live): void {
  const { run } = live;
  const version = core.versions.cached(live.state.versionId);
  if (core.closing) return stopRun(core, live);
  if (run === undefined || version === undefined) {
    stopRun(core, live);
    void activate(core, live);
    return;
  }
  detach(core, live);
  launch(core, live, { version, link: run.link, history: [], now: core.clock.now(), inherits: run.id });
}

/** Tells the run which step is to be undone next, once all that was recorded is durable. Does nothing outside of a rollback. */
export function orderNext(core: Core, live: Live): void {
  const { run } = live;
  if (run === undefined || live.state.status !== "rollingBack") return;
  core.journal.whenDurable(live, () => void order(core, live, run));
}

/** Undefined when it cannot be read, which ends the rollback. */
async function readOutcome(core: Core, live: Live, step: DoStep): Promise<Outcome | undefined> {
  const { run } = live;
  try {
    return await outcomeOfStep(core, live, step, core.clock.now());
  } catch (cause) {
    if (live.run === run) {
      stopRun(core, live);
      giveUp(core, live, cause);
    }
    return undefined;
  }
}

async function order(core: Core, live: Live, run: Run): Promise<void> {
  const next = live.state.rollback?.remaining.at(-1);
  if (live.run !== run || next === undefined) return;
  const outcome = await readOutcome(core, live, next);
  if (live.run !== run || outcome === undefined) return;
  const handler = live.state.rollback?.step;
  if (handler === undefined) return run.link.send({ type: "compensate", run: run.id, outcome });
  const now = core.clock.now();
  const due = (dueAt(handler) ?? now) <= now;
  run.signalledUpTo = Math.max(run.signalledUpTo, now);
  const { config, attempts, lost } = handler;
  const cutOff = lost && { lost: lost.attempts };
  run.link.send({ type: "compensate", run: run.id, outcome, begun: { config, attempts, ...cutOff, due } });
}
