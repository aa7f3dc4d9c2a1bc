/**
 * Deletes old versions: of scripts and workflows the newest are kept for rollbacks, and active versions and versions that an
 * instance needs are always kept. Runs once an hour, a few versions at a time; when there is nothing to delete, it costs two
 * small queries.
 */
import { LIMITS } from "../../model/limits.ts";
import type { Catalog } from "../../ports/catalog/catalog.ts";
import type { SpareVersions } from "../../ports/catalog/deployments.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { Store } from "../../ports/store.ts";
import { RecurringLook } from "../../upkeep/recurring-look.ts";
import { Rests } from "../../upkeep/rests.ts";

/** How often it looks, in milliseconds. */
const LOOK_MS = 60 * 60 * 1_000;

/** Instances that are looked at at once, versions that are deleted at once, and the rest in between, in milliseconds. */
const SLICE = 10_000;
const BATCH = 10;
const REST_MS = 10;

/** What it works with. */
export interface CollectorParts {
  readonly catalog: Pick<Catalog, "spareVersions" | "removeVersions" | "workflowVersion">;
  readonly store: Pick<Store, "versionsInUse">;
  readonly clock: Clock;
  readonly log: Log;
}

export class VersionCollector {
  readonly #parts: CollectorParts;
  readonly #looks: RecurringLook;
  readonly #rests: Rests;
  #closed = false;

  /** Looks for the first time in an hour. */
  constructor(parts: CollectorParts) {
    this.#parts = parts;
    const { clock, log } = parts;
    const says = { fails: "Old versions could not be deleted", works: "Old versions are deleted again" };
    this.#rests = new Rests(clock);
    this.#looks = new RecurringLook({ clock, log, ...says, leastMs: LOOK_MS, mostMs: LOOK_MS, look: () => this.#look() });
    this.#looks.by(clock.now() + LOOK_MS);
  }

  /** Stops where it is. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#rests.end();
    await this.#looks.close();
  }

  /** Answers when to look next. */
  async #look(): Promise<number> {
    await this.#collect();
    return this.#parts.clock.now() + LOOK_MS;
  }

  async #collect(): Promise<void> {
    const { catalog } = this.#parts;
    const spare = await catalog.spareVersions(LIMITS.versions);
    if (spare.workflowVersions.length + spare.scriptVersions.length === 0) return;
    const { workflows, scripts } = await this.#inUse();
    const workflowVersions = spare.workflowVersions.filter((id) => !workflows.has(id));
    const scriptVersions = spare.scriptVersions.filter((id) => !scripts.has(id));
    for (const batch of batches({ workflowVersions, scriptVersions })) {
      if (this.#closed) return;
      await catalog.removeVersions(batch);
      await this.#rests.rest(REST_MS);
    }
  }

  /** Versions of workflows that any instance has, and of scripts that one needs which has not ended. */
  async #inUse(): Promise<{ workflows: ReadonlySet<string>; scripts: ReadonlySet<string | undefined> }> {
    const { store, catalog } = this.#parts;
    const living = new Set<string>();
    const workflows = new Set<string>();
    for (let after: number | undefined = 0; after !== undefined && !this.#closed;) {
      const slice = await store.versionsInUse(after, SLICE);
      for (const id of slice.living) living.add(id);
      for (const id of [...slice.living, ...slice.ended]) workflows.add(id);
      after = slice.last;
      await this.#rests.rest(REST_MS);
    }
    const versions = await Promise.all([...living].map((id) => catalog.workflowVersion(id)));
    return { workflows, scripts: new Set(versions.map((version) => version?.scriptVersionId)) };
  }
}

function* batches({ workflowVersions, scriptVersions }: SpareVersions): Generator<SpareVersions> {
  for (let at = 0; at < Math.max(workflowVersions.length, scriptVersions.length); at += BATCH) {
    yield {
      workflowVersions: workflowVersions.slice(at, at + BATCH),
      scriptVersions: scriptVersions.slice(at, at + BATCH),
    };
  }
}
