/**
 * Cron triggers: at the boundaries of their expressions scripts are told so, by their `scheduled` handlers. They are a small
 * document in the catalogue, which says how far each has been followed. A boundary is dealt with when the handler has ended,
 * however it did; whoever dies before that calls it again. Of several boundaries that were missed the latest comes alone.
 */
import { Failure } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import type { Catalog } from "../../ports/catalog.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { Timetable, TimetableEntry } from "../../ports/timetable.ts";
import type { Dispatcher } from "../../ports/dispatcher.ts";

/** A cron expression of a script. Times are epoch milliseconds. */
export interface CronTrigger {
  readonly script: string;
  readonly cron: string;
  /** Boundaries up to here are dealt with, or were before the trigger was made. */
  readonly followedTo: number;
  readonly createdAt: number;
}

const DOCUMENT = "cron_triggers";

export class CronTriggers {
  readonly #catalog: Catalog;
  readonly #clock: Clock;
  readonly #log: Log;
  /** Boundaries whose handlers have been called, by script and expression: they may not have ended yet. */
  readonly #begun: Map<string, number> = new Map();

  constructor({ catalog, clock, log }: { readonly catalog: Catalog; readonly clock: Clock; readonly log: Log }) {
    this.#catalog = catalog;
    this.#clock = clock;
    this.#log = log;
  }

  /** All of them: `LIMITS.cronTriggers` at the most. */
  async list(): Promise<readonly CronTrigger[]> {
    return parse(await this.#catalog.setting(DOCUMENT));
  }

  /** Those of a script, in the order in which they were given. */
  async of(script: string): Promise<CronTrigger[]> {
    return (await this.list()).filter((trigger) => trigger.script === script);
  }

  /**
   * Replaces those of a script; one that it had already goes on from where it is. The engine has to look at its timetable
   * after that.
   *
   * @throws Failure `body` when there would be too many in all.
   */
  async replace(script: string, crons: readonly string[]): Promise<void> {
    const now = this.#clock.now();
    await this.#change((all) => {
      const own = new Map(all.filter((each) => each.script === script).map((each) => [each.cron, each]));
      const wanted = [...new Set(crons)].map((cron) => own.get(cron) ?? { script, cron, followedTo: now, createdAt: now });
      const changed = [...all.filter((each) => each.script !== script), ...wanted];
      if (wanted.length > 0 && changed.length > LIMITS.cronTriggers)
        throw new Failure("body", {
          detail: `At most ${LIMITS.cronTriggers} cron triggers are allowed; there would be ${changed.length}`,
        });
      return changed;
    });
  }

  /** What the engine's alarm follows. */
  timetable(dispatcher: Dispatcher): Timetable {
    return { entries: async () => (await this.list()).map((trigger) => this.#entry(trigger, dispatcher)) };
  }

  #entry(trigger: CronTrigger, dispatcher: Dispatcher): TimetableEntry {
    const key = `${trigger.script} ${trigger.cron}`;
    return {
      cron: trigger.cron,
      followedTo: Math.max(trigger.followedTo, this.#begun.get(key) ?? 0),
      fire: (boundary) => {
        this.#begun.set(key, boundary);
        void this.#call(trigger, boundary, dispatcher).catch((cause: unknown) =>
          this.#log.error("A cron trigger could not be fired", { script: trigger.script, reason: String(cause) }),
        );
        return Promise.resolve();
      },
    };
  }

  async #call({ script, cron }: CronTrigger, scheduledTime: number, dispatcher: Dispatcher): Promise<void> {
    const about = { script, cron, scheduledTime: new Date(scheduledTime).toISOString() };
    try {
      const { thrown } = await dispatcher.dispatch(script, { type: "scheduled", cron, scheduledTime });
      if (thrown === null) this.#log.info("A cron trigger ran", about);
      // What it threw is in the script's own log.
      else this.#log.warn("A cron trigger failed", about);
    } catch (cause) {
      // It is called at the next start.
      if (cause instanceof Failure && cause.failure === "shutting_down") return;
      this.#log.warn("A cron trigger failed", { ...about, reason: String(cause) });
    }
    await this.#change((all) =>
      all.map((each) =>
        each.script === script && each.cron === cron && each.followedTo < scheduledTime
          ? { ...each, followedTo: scheduledTime }
          : each,
      ),
    );
  }

  async #change(change: (all: readonly CronTrigger[]) => readonly CronTrigger[]): Promise<void> {
    await this.#catalog.changeSetting(DOCUMENT, (json) => JSON.stringify(change(parse(json))));
  }
}

function parse(json: string | undefined): readonly CronTrigger[] {
  return json === undefined ? [] : (JSON.parse(json) as CronTrigger[]);
}
