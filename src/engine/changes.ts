/** Who follows what happens to an instance in memory: places, timers, parking, retention, and the run itself. */
import type { EventBody } from "../model/instance/events.ts";
import { isFinal, type InstanceStatus } from "../model/instance/status.ts";
import type { OpenParts } from "./close.ts";
import type { InstanceListener } from "./memory/instances.ts";
import { stopRun } from "./runs/activate.ts";
import { orderNext } from "./runs/rollback.ts";
import { signalOutcomes } from "./runs/signal.ts";
import type { Live } from "./state/live.ts";

/** What follows. */
export type Followers = Pick<OpenParts, "core" | "scheduler" | "timers" | "parking" | "collector">;

export class Changes implements InstanceListener {
  readonly #followers: Followers;

  constructor(followers: Followers) {
    this.#followers = followers;
  }

  entered(live: Live): void {
    this.#followers.scheduler.entered(live);
  }

  left(live: Live): void {
    const { timers, parking, scheduler } = this.#followers;
    timers.leave(live);
    parking.leave(live);
    scheduler.left(live);
  }

  changed(live: Live, before: InstanceStatus, events: readonly EventBody[]): void {
    const { core, scheduler, timers, parking, collector } = this.#followers;
    const { status } = live.state;
    if (status !== before) scheduler.statusChanged(live, before);
    if (status !== before && isFinal(status)) collector.track(live);
    if (status !== before || live.idleSince !== null) parking.track(live);
    if (events.some(movesTimers)) {
      timers.track(live);
      signalOutcomes(core, live, events);
    }
  }

  started(live: Live): void {
    this.#followers.timers.track(live);
    orderNext(this.#followers.core, live);
  }

  lost(live: Live): void {
    stopRun(this.#followers.core, live);
    // Before its place is given to another: it still runs as far as the store knows.
    this.#followers.scheduler.unsure();
  }

  unsure(): void {
    this.#followers.scheduler.unsure();
  }
}

/** A step that succeeds at its first attempt moves no timer: that is the hot path. */
function movesTimers(event: { readonly type: string; readonly attempt?: number }): boolean {
  switch (event.type) {
    case "step_started":
    case "attempt_completed":
    case "step_completed":
    case "step_errored":
      return false;
    case "attempt_started":
      return event.attempt !== 1;
    default:
      return true;
  }
}
