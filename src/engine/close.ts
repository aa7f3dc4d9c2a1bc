/** Closes an engine: running attempts may end, then everything is suspended, to be resumed at the next start. */
import { Failure } from "../model/failures/failure.ts";
import { stopRun } from "./runs/activate.ts";
import type { Core } from "./runs/core.ts";
import { signal } from "./runs/signal.ts";
import type { Parking } from "./schedule/parking.ts";
import type { Timers } from "./schedule/timers.ts";
import type { Collector } from "./upkeep/collector.ts";
import type { Schedules } from "./upkeep/schedules.ts";
import type { Bulk } from "./verbs/bulk.ts";
import type { Verbs } from "./verbs/verbs.ts";

/** The parts that are at work. */
export interface OpenParts extends Verbs {
  readonly timers: Timers;
  readonly parking: Parking;
  readonly bulk: Bulk;
  readonly collector: Collector;
  readonly schedules: Schedules;
}

/** Attempts may end within `drainMs`. */
export async function closeEngine(parts: OpenParts, drainMs: number): Promise<void> {
  const { core, scheduler, timers, parking, bulk, collector, schedules } = parts;
  core.closing = true;
  core.rests.end();
  core.hosts.refuse(new Failure("shutting_down"));
  timers.close();
  parking.close();
  core.journal.close();
  await Promise.all([schedules, collector, scheduler, bulk].map((part) => part.close()));
  const running = [...core.instances.all()].filter((live) => live.run !== undefined);
  for (const live of running) if (live.run !== undefined) signal(core, live, live.run, { type: "pause", run: live.run.id });
  await drained(core, running.length, drainMs);
  for (const live of core.instances.all()) stopRun(core, live);
  await core.journal.quiet();
  await core.hosts.close();
  await core.journal.quiet();
  core.watchers.close(new Failure("shutting_down"));
}

/** Resolves when no instance has a run any more, or after `drainMs`. */
function drained(core: Core, running: number, drainMs: number): Promise<void> {
  if (running === 0 || drainMs <= 0) return Promise.resolve();
  const until = core.clock.elapsed() + drainMs;
  return new Promise((resolve) => {
    const look = (): void => {
      const busy = [...core.instances.all()].some((live) => live.run !== undefined);
      const leftMs = until - core.clock.elapsed();
      if (!busy || leftMs <= 0) return resolve();
      core.clock.alarm(core.clock.now() + Math.min(10, leftMs), look);
    };
    look();
  });
}
