/**
 * Cron triggers: at the boundaries of their expressions the `scheduled` handlers of scripts are called. A boundary is dealt
 * with when the handler has ended, however it did; if the process dies before that, the next one calls it again. Of several
 * boundaries that were missed only the latest is followed.
 */
import { Failure } from "../../model/failures/failure.ts";
import type { Log } from "../../ports/log.ts";
import type { Follow, Timetable, TimetableEntry } from "../../ports/timetable.ts";
import type { ScriptCalls } from "../../ports/script-calls.ts";

export class CronTriggers {
  readonly #catalog: Timetable;
  readonly #log: Log;
  /** Boundaries whose handlers have been called, by script and expression: they may not have ended yet. */
  readonly #begun: Map<string, number> = new Map();
  /** Those of them whose handlers have ended, while that is not durable: or the next process would call them again. */
  readonly #ended: Map<string, number> = new Map();

  constructor({ catalog, log }: { readonly catalog: Timetable; readonly log: Log }) {
    this.#catalog = catalog;
    this.#log = log;
  }

  /** Calls the handler of an entry's script, unless it has been called for this boundary. */
  follow(calls: Pick<ScriptCalls, "call">): Follow {
    return async (entry, boundary) => {
      const key = keyOf(entry);
      await this.#write(entry);
      if ((this.#begun.get(key) ?? 0) >= boundary) return;
      this.#begun.set(key, boundary);
      void this.#call(entry, boundary, calls).catch((cause: unknown) =>
        this.#log.warn("The end of a cron trigger could not be stored yet", { script: entry.owner, reason: String(cause) }),
      );
    };
  }

  async #call(entry: TimetableEntry, scheduledTime: number, calls: Pick<ScriptCalls, "call">): Promise<void> {
    const { owner: script, cron } = entry;
    const about = { script, cron, scheduledTime: new Date(scheduledTime).toISOString() };
    try {
      const { thrown } = await calls.call(script, { type: "scheduled", cron, scheduledTime });
      if (thrown === null) this.#log.info("A cron trigger ran", about);
      // What it threw is in the script's own log.
      else this.#log.warn("A cron trigger failed", about);
    } catch (cause) {
      // It is called at the next start.
      if (cause instanceof Failure && cause.failure === "shutting_down") return;
      this.#log.warn("A cron trigger failed", { ...about, reason: String(cause) });
    }
    this.#ended.set(keyOf(entry), Math.max(scheduledTime, this.#ended.get(keyOf(entry)) ?? 0));
    await this.#write(entry);
  }

  /** What cannot be written now is written at one of the next looks. */
  async #write(entry: TimetableEntry): Promise<void> {
    const key = keyOf(entry);
    const to = this.#ended.get(key);
    if (to === undefined) return;
    await this.#catalog.follow(entry, to);
    if (this.#ended.get(key) === to) this.#ended.delete(key);
  }
}

function keyOf({ owner, cron }: TimetableEntry): string {
  return `${owner} ${cron}`;
}
