/**
 * One alarm for the earliest boundary of everything that comes round: the schedules of workflows, and what other timetables
 * the engine was given. At each look they say what there is, so nothing is remembered here.
 */
import { cronInstanceId, dueBoundary, nextBoundary } from "../model/cron.ts";
import { Failure } from "../model/errors.ts";
import type { Schedule } from "../ports/catalog.ts";
import type { Timetable, TimetableEntry } from "../ports/timetable.ts";
import type { Scheduler } from "./claim.ts";
import type { Core } from "./core.ts";
import { create } from "./create.ts";

/** How long to wait before looking again after something failed, in milliseconds. */
const RETRY_MS = 1_000;

export class Schedules {
  readonly #core: Core;
  readonly #timetables: readonly Timetable[];
  #cancelAlarm: () => void = () => undefined;
  #looking: Promise<void> | undefined;
  /** Somebody asked for a look while one was under way: it may have read the schedules already. */
  #again = false;

  constructor(core: Core, timetables: readonly Timetable[]) {
    this.#core = core;
    this.#timetables = timetables;
  }

  /** Begins what is due, and sets the alarm for what comes next. */
  look(): void {
    if (this.#core.closing) return;
    if (this.#looking !== undefined) {
      this.#again = true;
      return;
    }
    this.#again = false;
    this.#looking = this.#look().then((nextAt) => {
      this.#looking = undefined;
      this.#arm(nextAt);
      if (this.#again) this.look();
    });
  }

  /** Nothing is begun any more. Resolves when what was being begun is. */
  async close(): Promise<void> {
    this.#cancelAlarm();
    await this.#looking;
  }

  #arm(at: number | undefined): void {
    this.#cancelAlarm();
    if (at !== undefined && !this.#core.closing) this.#cancelAlarm = this.#core.clock.alarm(at, () => this.look());
  }

  /** Answers when to look next. */
  async #look(): Promise<number | undefined> {
    const now = this.#core.clock.now();
    try {
      const entries = (await Promise.all(this.#timetables.map((timetable) => timetable.entries()))).flat();
      const fired = await Promise.allSettled(entries.map((entry) => fire(entry, now)));
      for (const each of fired) if (each.status === "rejected") throw each.reason;
      const times = entries.map((entry) => nextBoundary(entry, now)).filter((at) => at !== undefined);
      return times.length === 0 ? undefined : Math.min(...times);
    } catch (cause) {
      if (!this.#core.closing) this.#core.log.error("Following the schedules failed", { reason: String(cause) });
      return now + RETRY_MS;
    }
  }
}

async function fire(entry: TimetableEntry, now: number): Promise<void> {
  const boundary = dueBoundary(entry, now);
  if (boundary !== undefined) await entry.fire(boundary);
}

/**
 * The schedules of workflows. A boundary's instance is created first and the schedule followed to it afterwards: whoever
 * dies in between creates it again, which its id forbids. So none is lost, and none comes twice.
 */
export function workflowTimetable(core: Core, scheduler: Scheduler): Timetable {
  const begin = async ({ workflow, cron }: Schedule, scheduledTime: number): Promise<void> => {
    const info = { cron, scheduledTime };
    const request = { id: cronInstanceId(info), schedule: info };
    const [made] = await create(core, scheduler, workflow, [request], "cron");
    if (made instanceof Failure && made.failure !== "instance.already_exists") throw made;
    await core.catalog.followSchedule(workflow, cron, scheduledTime);
  };
  return {
    entries: async () =>
      (await core.catalog.schedules()).map((schedule) => ({
        cron: schedule.cron,
        followedTo: schedule.followedTo,
        fire: (boundary) => begin(schedule, boundary),
      })),
  };
}
