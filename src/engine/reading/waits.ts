/** What an instance waits for: each step that is not at work, a place, or the repair of what paused it. */
import { dueAt, nextWake } from "../../model/instance/due.ts";
import { LIMITS } from "../../model/limits.ts";
import { displayName } from "../../model/step/step.ts";
import type { Scheduler } from "../schedule/scheduler.ts";
import type { Core } from "../runs/core.ts";
import type { InstanceAddress, WaitingStep, Waits } from "../contract.ts";

/** See `Engine.waits`. */
export function waits(core: Core, scheduler: Scheduler, address: InstanceAddress): Promise<Waits> {
  return core.instances.use(address, async ({ state, workflow }) => {
    const steps: WaitingStep[] = [];
    for (const step of state.open) {
      const due = dueAt(step);
      if (due === undefined) continue;
      steps.push({ type: step.kind === "do" ? "step" : step.kind, name: displayName(step.name, step.count), due });
    }
    steps.sort((a, b) => a.due - b.due);
    const isDue = state.status === "waiting" && (nextWake(state) ?? Infinity) <= core.clock.now();
    return {
      status: state.status,
      steps: steps.slice(0, LIMITS.waitsShown),
      place: state.status === "queued" || isDue ? (scheduler.fullBy(workflow) ?? null) : null,
      pausedFor: state.pausedFor ?? null,
    };
  });
}
