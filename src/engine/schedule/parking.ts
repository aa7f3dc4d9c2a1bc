/**
 * Sends instances that only wait out of memory: their promises are dropped, and what they wait for is found in the store. The
 * next timer or event replays them. A million sleepers cost rows, not memory.
 *
 * While there is room they stay, for what they have in memory is lost with that: variables, what is left to `waitUntil`,
 * timers. They leave after an idle time; sooner, the longest idle first, when there are too many, or the process that they
 * are in is short of memory. A run is asked to leave, and does once nothing that its code has set going is under way: only
 * there can that be known. One that still is here after a while is stopped.
 */
import { stopRun } from "../runs/activate.ts";
import type { Core } from "../runs/core.ts";
import type { Live } from "../state/live.ts";

/** How long what an instance has set going may keep it in memory once asked to leave, in milliseconds: as on Cloudflare. */
const PENDING_MS = 30_000;

export class Parking {
  readonly #core: Core;
  /** Idle instances, in the order in which they became idle. */
  readonly #idle: Set<Live> = new Set();
  #alarm: { readonly at: number; readonly cancel: () => void } | undefined;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Keeps track of whether an instance in memory only waits. */
  track(live: Live): void {
    if (live.state.status !== "waiting" || live.run === undefined) return this.leave(live);
    if (live.idleSince !== null) return;
    live.idleSince = this.#core.clock.now();
    this.#idle.add(live);
    if (this.#idle.size > this.#core.settings.maxIdle) this.#sweep();
    else this.#arm();
  }

  /** The instance does not only wait any more, or leaves memory. */
  leave(live: Live): void {
    if (live.idleSince === null) return;
    live.idleSince = null;
    this.#idle.delete(live);
    this.#core.departures.delete(live);
  }

  /** Asks those to leave whose process is short of memory, and all whose time is over, should the alarm not have. */
  look(): void {
    for (const live of this.#idle) if (live.run?.link.isTight === true) this.#ask(live);
    if (this.#next() <= this.#core.clock.now()) this.#sweep();
  }

  close(): void {
    this.#alarm?.cancel();
    this.#alarm = undefined;
    this.#idle.clear();
    this.#core.departures.close();
  }

  /** When the next run is to leave, in epoch milliseconds. */
  #next(): number {
    const [idle] = this.#idle;
    const since = idle?.idleSince ?? Infinity;
    return Math.min(since + this.#core.settings.parkAfterMs, (this.#core.departures.first ?? Infinity) + PENDING_MS);
  }

  #arm(): void {
    const at = this.#next();
    if (at === Infinity || (this.#alarm !== undefined && this.#alarm.at <= at)) return;
    this.#alarm?.cancel();
    this.#alarm = { at, cancel: this.#core.clock.alarm(at, () => this.#sweep()) };
  }

  #sweep(): void {
    this.#alarm?.cancel();
    this.#alarm = undefined;
    const { parkAfterMs, maxIdle } = this.#core.settings;
    const now = this.#core.clock.now();
    // Half of them at once when there are too many: their frames leave together.
    let surplus = this.#idle.size > maxIdle ? this.#idle.size - (maxIdle >> 1) : 0;
    for (const live of this.#idle) {
      if (surplus <= 0 && (live.idleSince ?? now) + parkAfterMs > now) break;
      surplus -= 1;
      this.#ask(live);
    }
    for (const live of this.#core.departures.takeUpTo(now - PENDING_MS)) this.#stop(live);
    this.#arm();
  }

  #ask(live: Live): void {
    this.#idle.delete(live);
    const { run } = live;
    if (run === undefined) return;
    this.#core.departures.add(live);
    run.link.send({ type: "park", run: run.id });
    this.#arm();
  }

  #stop(live: Live): void {
    this.#core.journal.whenDurable(live, () => {
      if (live.state.status !== "waiting" || live.idleSince === null) return;
      stopRun(this.#core, live);
      this.leave(live);
      this.#core.instances.release(live);
    });
  }
}
