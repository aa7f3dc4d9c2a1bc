/**
 * Sends instances that only wait out of memory, after a short idle: their promises are dropped, and what they wait for
 * is found in the store. The next timer or event replays them. A million sleepers cost rows, not memory.
 */
import { stopRun } from "./activate.ts";
import type { Core } from "./core.ts";
import type { Live } from "./live.ts";

export class Parking {
  readonly #core: Core;
  /** In the order in which they became idle; an entry counts only while the instance has been idle since then. */
  #queue: { readonly live: Live; readonly since: number }[] = [];
  #cancel: (() => void) | undefined;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Keeps track of whether an instance in memory only waits. */
  track(live: Live): void {
    if (live.state.status !== "waiting" || live.run === undefined) {
      live.idleSince = null;
      return;
    }
    if (live.idleSince !== null) return;
    live.idleSince = this.#core.clock.now();
    this.#queue.push({ live, since: live.idleSince });
    if (this.#queue.length > this.#core.settings.maxIdle) this.#sweep();
    else this.#arm();
  }

  /** Parks what has been idle for long enough, should the alarm not have. */
  look(): void {
    const first = this.#queue[0];
    if (first !== undefined && first.since + this.#core.settings.parkAfterMs <= this.#core.clock.now()) this.#sweep();
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#queue = [];
  }

  #arm(): void {
    const first = this.#queue[0];
    if (first === undefined || this.#cancel !== undefined) return;
    this.#cancel = this.#core.clock.alarm(first.since + this.#core.settings.parkAfterMs, () => {
      this.#cancel = undefined;
      this.#sweep();
    });
  }

  #sweep(): void {
    const { parkAfterMs, maxIdle } = this.#core.settings;
    const until = this.#core.clock.now() - parkAfterMs;
    // Half of them at once when there are too many, so that the queue is not walked for each newcomer.
    const surplus = this.#queue.length > maxIdle ? this.#queue.length - (maxIdle >> 1) : 0;
    let taken = 0;
    for (const { live, since } of this.#queue) {
      if (taken >= surplus && since > until) break;
      taken += 1;
      if (live.idleSince === since) this.#park(live);
    }
    this.#queue.splice(0, taken);
    this.#cancel?.();
    this.#cancel = undefined;
    this.#arm();
  }

  #park(live: Live): void {
    this.#core.journal.whenDurable(live, () => {
      if (live.state.status !== "waiting" || live.idleSince === null) return;
      stopRun(this.#core, live);
      live.idleSince = null;
      this.#core.instances.release(live);
    });
  }
}
