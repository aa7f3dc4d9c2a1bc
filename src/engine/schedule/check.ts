/** Whatever an event should have done and has not: instances in memory are looked at as they are, and so is the store's file. */
import type { Core } from "../runs/core.ts";
import type { Parking } from "./parking.ts";
import type { Timers } from "./timers.ts";

export async function checkAll(core: Core, timers: Timers, parking: Parking): Promise<void> {
  core.policies.catchUp();
  for (const live of core.instances.all()) {
    timers.track(live);
    parking.track(live);
    core.instances.release(live);
  }
  timers.look();
  parking.look();
  await core.store.verify().catch((cause: unknown) => core.health.failed(cause));
}
