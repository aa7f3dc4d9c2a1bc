/**
 * One alarm for the earliest boundary of everything that comes round: the schedules of workflows, and the cron triggers of
 * scripts. At each look the timetable says what there is, so nothing is remembered here.
 */
import { cronInstanceId, dueBoundary, nextBoundary } from "../../model/time/cron.ts";
import { Failure } from "../../model/failures/failure.ts";
import type { Follow, TimetableKind } from "../../ports/timetable.ts";
import { RecurringLook } from "../../upkeep/recurring-look.ts";
import type { Core } from "../runs/core.ts";
import { create } from "../verbs/create.ts";
import type { Verbs } from "../verbs/verbs.ts";

/** How often everything is looked at, whatever is expected, in milliseconds. */
const POLL_MS = 60_000;

/** What is done at the boundaries of entries, by their kind. */
export type Follows = Readonly<Record<TimetableKind, Follow>>;

export class Schedules {
  readonly #core: Core;
  readonly #follows: Follows;
  readonly #looks: RecurringLook;

  constructor(core: Core, follows: Follows) {
    this.#core = core;
    this.#follows = follows;
    const { clock, log } = core;
    const says = { fails: "Schedules cannot be fired", works: "Schedules fire again" };
    this.#looks = new RecurringLook({ clock, log, ...says, leastMs: 1_000, mostMs: 30_000, look: () => this.#look() });
  }

  /** Begins what is due, now and from now on. A change of the catalogue makes it look earlier. */
  start(): void {
    this.#core.catalog.watch(() => this.#looks.now());
    this.#looks.now();
  }

  /** Nothing is begun any more. Resolves when what was being begun is. */
  close(): Promise<void> {
    return this.#looks.close();
  }

  /** Answers when to look next. */
  async #look(): Promise<number> {
    const { catalog, clock } = this.#core;
    const now = clock.now();
    const entries = await catalog.timetable();
    const fired = await Promise.allSettled(
      entries.map(async (entry) => {
        const boundary = dueBoundary(entry, now);
        if (boundary !== undefined) await this.#follows[entry.kind](entry, boundary);
      }),
    );
    for (const each of fired) if (each.status === "rejected") throw each.reason;
    const times = entries.map((entry) => nextBoundary(entry, now)).filter((at) => at !== undefined);
    return Math.min(...times, now + POLL_MS);
  }
}

/**
 * Creates the instance of a boundary first, and says afterwards that the schedule has been followed: if the process dies in
 * between, the create is repeated and refused as a duplicate id. So none is lost, and none comes twice.
 */
export function followSchedule(verbs: Verbs): Follow {
  return async (entry, scheduledTime) => {
    const info = { cron: entry.cron, scheduledTime };
    const request = { id: cronInstanceId(info), schedule: info };
    const [made] = await create(verbs, entry.owner, [request], "cron");
    if (made instanceof Failure && made.failure !== "instance.already_exists") throw made;
    await verbs.core.catalog.follow(entry, scheduledTime);
  };
}
