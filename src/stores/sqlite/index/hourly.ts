/** What happens to the instances of each workflow in an hour: what a batch adds, written once at its end. */
import { isFinal, type InstanceStatus } from "../../../model/instance/status.ts";
import { HOURLY_KEPT_MS } from "../../../model/instance/retention.ts";
import type { Database, Statement } from "../connection/database.ts";

const HOUR_MS = 3_600_000;

interface Added {
  readonly workflow: number;
  readonly hour: number;
  created: number;
  complete: number;
  errored: number;
  terminated: number;
}

/** When the hour of a moment begins. */
export function hourOf(at: number): number {
  return Math.floor(at / HOUR_MS) * HOUR_MS;
}

export class HourlyCounts {
  #added: Added[] = [];
  /** The newest hour that this writer has written: with each newer one, old ones go. */
  #newest = -Infinity;
  readonly #upsert: Statement;
  readonly #forgetOld: Statement;

  constructor(db: Database) {
    this.#upsert = db.prepare(
      `INSERT INTO hourly (workflow, hour, created, complete, errored, terminated) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET created = created + excluded.created, complete = complete + excluded.complete,
         errored = errored + excluded.errored, terminated = terminated + excluded.terminated`,
    );
    this.#forgetOld = db.prepare("DELETE FROM hourly WHERE hour < ?");
  }

  /** @param workflow The key of its name. */
  created(workflow: number, at: number): void {
    this.#of(workflow, at).created += 1;
  }

  /** Nothing, unless the status is a final one. */
  ended(workflow: number, status: InstanceStatus, at: number | null): void {
    if (at !== null && isFinal(status)) this.#of(workflow, at)[status] += 1;
  }

  /** Writes what has been added since the last time. */
  write(): void {
    for (const { workflow, hour, created, complete, errored, terminated } of this.#added) {
      this.#upsert.run(workflow, hour, created, complete, errored, terminated);
      if (hour <= this.#newest) continue;
      this.#newest = hour;
      this.#forgetOld.run(hour - HOURLY_KEPT_MS);
    }
    this.#added = [];
  }

  /** Drops what has been added since the last time. */
  forget(): void {
    this.#added = [];
    this.#newest = -Infinity;
  }

  #of(workflow: number, at: number): Added {
    const hour = hourOf(at);
    // Nearly always the one before: a batch is of one moment, and mostly of one workflow.
    let found = this.#added.findLast((each) => each.workflow === workflow && each.hour === hour);
    if (found === undefined) {
      found = { workflow, hour, created: 0, complete: 0, errored: 0, terminated: 0 };
      this.#added.push(found);
    }
    return found;
  }
}
