/**
 * Deletes what is past its retention: the earliest first, a few at a time, with a pause after each few. One alarm for
 * all of them, at the earliest moment that the store knows of, so that what is kept for a month costs nothing until then.
 */
import { RecurringLook } from "../../upkeep/recurring-look.ts";
import type { Core } from "../runs/core.ts";
import { deleteExpired } from "../memory/expired.ts";
import type { Live } from "../state/live.ts";

/** Instances that are deleted in one commit. */
const BATCH = 100;

/** How long the collector rests after a batch, in milliseconds: what runs comes first. */
const PAUSE_MS = 10;

/** How often it looks, whatever is expected, in milliseconds. */
const POLL_MS = 60_000;

export class Collector {
  readonly #core: Core;
  readonly #looks: RecurringLook;

  constructor(core: Core) {
    this.#core = core;
    const { clock, log } = core;
    const says = { fails: "Expired instances cannot be deleted", works: "Expired instances are deleted again" };
    this.#looks = new RecurringLook({ clock, log, ...says, leastMs: 1_000, mostMs: 30_000, look: () => this.#batch() });
  }

  /** An instance in memory has ended: it is kept from now on, and no longer than it says. */
  track(live: Live): void {
    const at = this.#core.policies.keptUntil(live);
    if (at !== null) this.#core.journal.whenDurable(live, () => this.#looks.by(at));
  }

  /** Looks for what has expired, now and from now on. */
  look(): void {
    this.#looks.now();
  }

  /** Looks no more. Resolves when nothing is being deleted. */
  close(): Promise<void> {
    return this.#looks.close();
  }

  /** Deletes one batch; answers when the next one is due. */
  async #batch(): Promise<number> {
    const { store, clock } = this.#core;
    const found = await store.expiring(clock.now(), BATCH);
    const gone = await Promise.all(found.map(({ pk }) => deleteExpired(this.#core, pk)));
    // Versions in use have to be looked at again.
    const rested = gone.length === 0 ? 0 : clock.now() + PAUSE_MS;
    if (gone.includes(false)) return rested;
    const [next] = await store.expiring(Number.MAX_SAFE_INTEGER, 1);
    return Math.max(Math.min(next?.expiresAt ?? Infinity, clock.now() + POLL_MS), rested);
  }
}
