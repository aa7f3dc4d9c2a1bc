/**
 * Cron triggers: at the boundaries of their expressions the `scheduled` handlers of scripts are called. A boundary is dealt
 * with when the handler has ended, however it did; if the process dies before that, the next one calls it again. Of several
 * boundaries that were missed only the latest is followed.
 */
import { Failure } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { Follow, Timetable, TimetableEntry } from "../../ports/timetable.ts";
import type { ScriptCalls } from "../../ports/script-calls.ts";

interface CronParts {
  readonly catalog: Timetable;
  readonly clock: Clock;
  readonly log: Log;
}

export class CronTriggers {
  readonly #catalog: Timetable;
  readonly #clock: Clock;
  readonly #log: Log;
  /** Boundaries whose handlers have been called, by script and expression: they may not have ended yet. */
  readonly #begun: Map<string, number> = new Map();

  constructor({ catalog, clock, log }: CronParts) {
    this.#catalog = catalog;
    this.#clock = clock;
    this.#log = log;
  }

  /** Those of a script, in the order in which they were given. */
  async of(script: string): Promise<TimetableEntry[]> {
    return (await this.#catalog.timetable("script")).filter(({ owner }) => owner === script);
  }

  /**
   * Replaces those of a script; one that it had already goes on from where it is.
   *
   * @throws Failure `body` when there would be too many in all.
   */
  async replace(script: string, crons: readonly string[]): Promise<void> {
    const others = (await this.#catalog.timetable("script")).filter(({ owner }) => owner !== script);
    const all = others.length + new Set(crons).size;
    if (crons.length > 0 && all > LIMITS.cronTriggers)
      throw new Failure("body", { detail: `There would be ${all} cron triggers; ${LIMITS.cronTriggers} are possible` });
    await this.#catalog.putCrons("script", script, crons, this.#clock.now());
  }

  /** Calls the handler of an entry's script, unless it has been called for this boundary. */
  follow(calls: Pick<ScriptCalls, "call">): Follow {
    return async (entry, boundary) => {
      const key = `${entry.owner} ${entry.cron}`;
      if ((this.#begun.get(key) ?? 0) >= boundary) return;
      this.#begun.set(key, boundary);
      void this.#call(entry, boundary, calls).catch((cause: unknown) =>
        this.#log.error("A cron trigger was not followed", { script: entry.owner, reason: String(cause) }),
      );
    };
  }

  async #call(entry: TimetableEntry, scheduledTime: number, calls: Pick<ScriptCalls, "call">): Promise<void> {
    const { owner: script, cron } = entry;
    const about = { script, cron, scheduledTime: new Date(scheduledTime).toISOString() };
    try {
      const { thrown } = await calls.call(script, { type: "scheduled", cron, scheduledTime });
      if (thrown === null) this.#log.info("A cron trigger has run", about);
      // What it threw is in the script's own log.
      else this.#log.warn("A cron trigger has failed", about);
    } catch (cause) {
      // It is called at the next start.
      if (cause instanceof Failure && cause.failure === "shutting_down") return;
      this.#log.warn("A cron trigger has failed", { ...about, reason: String(cause) });
    }
    await this.#catalog.follow(entry, scheduledTime);
  }
}
