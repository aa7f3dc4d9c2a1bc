/**
 * One alarm for the earliest boundary of everything that comes round: the schedules of workflows, and what other timetables
 * the engine was given. At each look they say what there is, so nothing is remembered here.
 */
import { cronInstanceId, dueBoundary, nextBoundary } from "../../model/time/cron.ts";
import { Failure } from "../../model/failures/failure.ts";
import type { Schedule } from "../../ports/catalog.ts";
import type { Timetable, TimetableEntry } from "../../ports/timetable.ts";
import { Outage } from "../../upkeep/outage.ts";
import { RecurringLook } from "../../upkeep/recurring-look.ts";
import type { Scheduler } from "./claim.ts";
import type { Core } from "../state/core.ts";
import { create } from "../verbs/create.ts";

/** How often everything is looked at, whatever is expected, in milliseconds. */
const POLL_MS = 60_000;

export class Schedules {
  readonly #core: Core;
  readonly #timetables: readonly Timetable[];
  readonly #looks: RecurringLook;

  constructor(core: Core, timetables: readonly Timetable[]) {
    this.#core = core;
    this.#timetables = timetables;
    const { clock, log } = core;
    const says = { fails: "Schedules cannot be fired", works: "Schedules fire again" };
    const outage = new Outage({ clock, log, ...says, leastMs: 1_000, mostMs: 30_000 });
    this.#looks = new RecurringLook({ clock, outage, look: () => this.#look() });
  }

  /** Begins what is due, and sets the alarm for what comes next. */
  look(): void {
    if (!this.#core.closing) this.#looks.now();
  }

  /** Nothing is begun any more. Resolves when what was being begun is. */
  close(): Promise<void> {
    return this.#looks.close();
  }

  /** Answers when to look next. */
  async #look(): Promise<number> {
    const now = this.#core.clock.now();
    const entries = (await Promise.all(this.#timetables.map((timetable) => timetable.entries()))).flat();
    const fired = await Promise.allSettled(entries.map((entry) => fire(entry, now)));
    for (const each of fired) if (each.status === "rejected") throw each.reason;
    const times = entries.map((entry) => nextBoundary(entry, now)).filter((at) => at !== undefined);
    return Math.min(...times, now + POLL_MS);
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
