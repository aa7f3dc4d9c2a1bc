/** How many instances each workflow has in each status: the differences that a batch makes, written once at its end. */
import { INSTANCE_STATUSES, type InstanceStatus } from "../../../model/instance/status.ts";
import type { Database, Statement } from "../connection/database.ts";

/** More than there are statuses, so that workflow and status fit in one number. */
const STRIDE = 16;

const INDEX_OF = Object.fromEntries(INSTANCE_STATUSES.map((status, i) => [status, i])) as Record<InstanceStatus, number>;

export class StatusCounts {
  readonly #differences: Map<number, number> = new Map();
  readonly #upsert: Statement;

  constructor(db: Database) {
    this.#upsert = db.prepare(
      `INSERT INTO status_counts (workflow, status, instances) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET instances = instances + excluded.instances`,
    );
  }

  /** @param workflow The key of its name. */
  add(workflow: number, status: InstanceStatus, difference: 1 | -1): void {
    const key = workflow * STRIDE + INDEX_OF[status];
    this.#differences.set(key, (this.#differences.get(key) ?? 0) + difference);
  }

  /** Writes what has been added since the last time. */
  write(): void {
    for (const [key, difference] of this.#differences) {
      if (difference === 0) continue;
      const status = INSTANCE_STATUSES[key % STRIDE];
      if (status !== undefined) this.#upsert.run(Math.floor(key / STRIDE), status, difference);
    }
    this.#differences.clear();
  }

  /** Drops what has been added since the last time. */
  forget(): void {
    this.#differences.clear();
  }
}
