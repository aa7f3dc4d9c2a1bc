/**
 * Schedules: one alarm for the earliest boundary of all workflows. At each look the catalogue says which schedules there
 * are, so nothing is remembered here. A boundary's instance is created first and the schedule followed to it afterwards:
 * whoever dies in between creates it again, which its id forbids. So none is lost, and none comes twice.
 */
import { cronInstanceId, dueBoundary, nextBoundary } from "../model/cron.ts";
import { Failure } from "../model/errors.ts";
import type { Schedule } from "../ports/catalog.ts";
import type { Scheduler } from "./claim.ts";
import type { Core } from "./core.ts";
import { create } from "./create.ts";

/** How long to wait before looking again after something failed, in milliseconds. */
const RETRY_MS = 1_000;

export class Schedules {
  readonly #core: Core;
  readonly #scheduler: Scheduler;
  #cancelAlarm: () => void = () => undefined;
  #looking: Promise<void> | undefined;
  /** Somebody asked for a look while one was under way: it may have read the schedules already. */
  #again = false;

  constructor(core: Core, scheduler: Scheduler) {
    this.#core = core;
    this.#scheduler = scheduler;
  }

  /** Creates the instances that are due, and sets the alarm for the next ones. */
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

  /** Nothing is created any more. Resolves when what was being created is. */
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
      const schedules = await this.#core.catalog.schedules();
      const fired = await Promise.allSettled(schedules.map((schedule) => this.#fire(schedule, now)));
      for (const each of fired) if (each.status === "rejected") throw each.reason;
      const times = schedules.map((schedule) => nextBoundary(schedule, now)).filter((at) => at !== undefined);
      return times.length === 0 ? undefined : Math.min(...times);
    } catch (cause) {
      if (!this.#core.closing) this.#core.log.error("Following the schedules failed", { reason: String(cause) });
      return now + RETRY_MS;
    }
  }

  async #fire(schedule: Schedule, now: number): Promise<void> {
    const scheduledTime = dueBoundary(schedule, now);
    if (scheduledTime === undefined) return;
    const { workflow, cron } = schedule;
    const info = { cron, scheduledTime };
    const request = { id: cronInstanceId(info), schedule: info };
    const [made] = await create(this.#core, this.#scheduler, workflow, [request], "cron");
    if (made instanceof Failure && made.failure !== "instance.already_exists") throw made;
    await this.#core.catalog.followSchedule(workflow, cron, scheduledTime);
  }
}
