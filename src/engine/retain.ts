/**
 * Deletes what is past its retention: the earliest first, a few at a time, with a pause after each few. One alarm for
 * all of them, at the earliest moment that the store knows of, so that what is kept for a month costs nothing until then.
 */
import { expiryOf } from "../model/retention.ts";
import type { Core } from "./core.ts";
import type { InstanceAddress } from "./engine.ts";
import { isExpired } from "./instances.ts";
import type { Live } from "./live.ts";
import type { Policies } from "./policies.ts";

/** Instances that are deleted in one commit. */
const BATCH = 100;

/** How long the collector rests after a batch, in milliseconds: what runs comes first. */
const PAUSE_MS = 10;

/** How long it rests after something failed, in milliseconds. */
const RETRY_MS = 1_000;

export class Collector {
  readonly #core: Core;
  #alarm: { readonly at: number; readonly cancel: () => void } | undefined;
  #collecting: Promise<void> | undefined;
  /** The earliest moment that was told while a batch was being deleted. */
  #told = Infinity;

  constructor(core: Core) {
    this.#core = core;
  }

  /** An instance in memory has ended: it is kept from now on, and no longer than it says. */
  track(live: Live): void {
    const at = keptUntil(this.#core.policies, live);
    if (at !== null) this.#core.journal.whenDurable(live, () => this.#expectAt(at));
  }

  close(): void {
    this.#alarm?.cancel();
    this.#alarm = undefined;
  }

  /** Resolves when nothing is being deleted. */
  async quiet(): Promise<void> {
    await this.#collecting;
  }

  #expectAt(at: number): void {
    if (this.#collecting === undefined) this.#alarmAt(at);
    else this.#told = Math.min(this.#told, at);
  }

  #alarmAt(at: number): void {
    if (at === Infinity || this.#core.closing || (this.#alarm !== undefined && this.#alarm.at <= at)) return;
    this.#alarm?.cancel();
    this.#alarm = { at, cancel: this.#core.clock.alarm(at, () => this.collect()) };
  }

  /** Looks for what has expired, now and from now on. */
  collect(): void {
    this.#alarm = undefined;
    this.#told = Infinity;
    this.#collecting = this.#collect();
  }

  async #collect(): Promise<void> {
    let next: number;
    try {
      next = await this.#batch();
    } catch (cause) {
      this.#core.log.error("Deleting what is past its retention failed", { reason: String(cause) });
      next = this.#core.clock.now() + RETRY_MS;
    }
    this.#collecting = undefined;
    this.#alarmAt(Math.min(next, this.#told));
  }

  /** Deletes one batch; answers when the next one is due, `Infinity` when nothing more is kept. */
  async #batch(): Promise<number> {
    const { store, clock } = this.#core;
    const found = await store.expiring(clock.now(), BATCH);
    const gone = await Promise.all(found.map(({ pk }) => collectOne(this.#core, pk)));
    // Those that somebody is working with have to be looked at again.
    const rested = gone.length === 0 ? 0 : clock.now() + PAUSE_MS;
    if (gone.includes(false)) return rested;
    const [next] = await store.expiring(Number.MAX_SAFE_INTEGER, 1);
    return Math.max(next?.expiresAt ?? Infinity, rested);
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
