/**
 * Deletes what is past its retention: the earliest first, a few at a time, with a pause after each few. One alarm for
 * all of them, at the earliest moment that the store knows of, so that what is kept for a month costs nothing until then.
 */
import { expiryOf } from "../../model/instance/retention.ts";
import { Outage } from "../../upkeep/outage.ts";
import { RecurringLook } from "../../upkeep/recurring-look.ts";
import type { Core } from "../state/core.ts";
import type { InstanceAddress } from "../contract.ts";
import { isExpired } from "../memory/instances.ts";
import type { Live } from "../state/live.ts";
import type { Policies } from "../state/policies.ts";

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
    const outage = new Outage({ clock, log, ...says, leastMs: 1_000, mostMs: 30_000 });
    this.#looks = new RecurringLook({ clock, outage, look: () => this.#batch() });
  }

  /** An instance in memory has ended: it is kept from now on, and no longer than it says. */
  track(live: Live): void {
    const at = keptUntil(this.#core.policies, live);
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
    const gone = await Promise.all(found.map(({ pk }) => collectOne(this.#core, pk)));
    // Those that somebody is working with have to be looked at again.
    const rested = gone.length === 0 ? 0 : clock.now() + PAUSE_MS;
    if (gone.includes(false)) return rested;
    const [next] = await store.expiring(Number.MAX_SAFE_INTEGER, 1);
    return Math.max(Math.min(next?.expiresAt ?? Infinity, clock.now() + POLL_MS), rested);
  }
}

/** Until when an instance in memory is to be kept as it stands, in epoch milliseconds; null while it has not ended. */
export function keptUntil(policies: Policies, live: Live): number | null {
  return expiryOf(live.state, policies.of(live.workflow).retention);
}

/** Deletes an expired instance; false when it is in somebody's hands. */
async function collectOne(core: Core, pk: number): Promise<boolean> {
  if (!core.instances.seal(pk)) return false;
  try {
    await core.journal.remove(pk);
  } finally {
    core.instances.unseal(pk);
  }
  return true;
}

/** Frees an id that is taken by an instance past its retention. False when it is taken for good. */
export async function freeId(core: Core, { workflow, id }: InstanceAddress): Promise<boolean> {
  const holder = await core.store.find(workflow, id);
  if (holder === undefined) return true;
  if (!isExpired(holder, core.clock.now())) return false;
  // What is being deleted already is gone with the next commit.
  if (!(await collectOne(core, holder.pk))) await core.journal.quiet();
  return true;
}
