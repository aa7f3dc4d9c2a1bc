/** What people do to an instance from outside: pause, resume, terminate, restart, delete, and send it events. */
import { Failure } from "../../model/failures/failure.ts";
import { isEventType } from "../../model/platform/names.ts";
import { holdsPlace, type InstanceStatus } from "../../model/instance/status.ts";
import type { StepKey } from "../../model/step/step.ts";
import { isTooLarge, type Encoded } from "../../model/values/value.ts";
import { isStoreTrouble } from "../../model/failures/store-error.ts";
import { activate, stopRun } from "../runs/activate.ts";
import type { Core } from "../runs/core.ts";
import { checkDeployed } from "./create.ts";
import type { InstanceAddress } from "../contract.ts";
import type { Live } from "../state/live.ts";
import { rollBack } from "../runs/rollback.ts";
import { signal } from "../runs/signal.ts";
import { applyDurably, checkOpen, type Verbs } from "./verbs.ts";

/** Running attempts may end; no new one begins. */
export function pause(core: Core, address: InstanceAddress): Promise<InstanceStatus> {
  return core.instances.use(address, async (live) => {
    const durable = applyDurably(core, live, { type: "pause" });
    const { status } = live.state;
    if (status === "paused") stopRun(core, live);
    else if (status === "waitingForPause" && live.run !== undefined)
      signal(core, live, live.run, { type: "pause", run: live.run.id });
    await durable;
    return status;
  });
}

export function resume({ core, scheduler }: Verbs, address: InstanceAddress): Promise<InstanceStatus> {
  return core.instances.use(address, async (live) => {
    const durable = applyDurably(core, live, { type: "resume" });
    const { status } = live.state;
    if (status === "running" && live.run !== undefined) signal(core, live, live.run, { type: "unpause", run: live.run.id });
    await durable;
    if (live.state.status === "queued") scheduler.offer(live);
    return status;
  });
}

/** A rollback does not wait for a place: the instance is on its way out. */
export function terminate(core: Core, address: InstanceAddress, rollback: boolean): Promise<InstanceStatus> {
  return core.instances.use(address, async (live) => {
    const before = live.state.status;
    const durable = applyDurably(core, live, { type: "terminate", rollback });
    const { status } = live.state;
    if (status === "terminated") stopRun(core, live);
    else if (status === "rollingBack" && before !== "rollingBack") rollBack(core, live);
    await durable;
    return status;
  });
}

/** The newest version of the workflow runs it again; one whose workflow has been deleted keeps its own. */
export function restart(
  { core, scheduler, admission }: Verbs,
  address: InstanceAddress,
  from: StepKey | undefined,
): Promise<InstanceStatus> {
  return core.instances.use<InstanceStatus>(address, async (live) => {
    const workflow = await core.catalog.workflow(live.workflow);
    if (workflow !== undefined) await checkDeployed(core, workflow);
    admission.admit(live.workflow, 1);
    const life = live.state;
    const versionId = workflow?.versionId ?? life.versionId;
    const place = scheduler.keep(live);
    try {
      const durable = applyDurably(core, live, { type: "restart", versionId, ...(from && { from }) });
      // A refusal leaves the run alone.
      if (live.state !== life) stopRun(core, live);
      await durable;
    } catch (cause) {
      place?.();
      throw cause;
    }
    scheduler.offer(live, place);
    return "queued";
  });
}

export async function sendEvent(
  { core, scheduler }: Verbs,
  address: InstanceAddress,
  eventType: string,
  payload: Encoded,
): Promise<void> {
  if (!isEventType(eventType)) throw new Failure("workflow.invalid_event_type", { field: "event_type" });
  if (isTooLarge(payload)) throw new Failure("instance.too_large", { field: "payload" });
  await core.instances.use(address, async (live) => {
    // Without a place it goes on waiting, and takes the event when there is one.
    const held = live.state.status === "waiting" && !scheduler.mayWake(live.workflow);
    await applyDurably(core, live, { type: held ? "hold_event" : "send_event", eventType, payload });
    // It had been waiting as a row only: bring it back to take the event, even if it is to be paused by now.
    if (holdsPlace(live.state.status)) await activate(core, live);
    else if (held) scheduler.expect("due", live.workflow);
  });
}

/** Without a place the step is due all the same, and goes on when there is one. */
export async function skipDelay({ core, scheduler }: Verbs, address: InstanceAddress, step: StepKey): Promise<void> {
  await core.instances.use(address, async (live) => {
    // What is due from now on may be due at the very moment up to which all has been signalled.
    if (live.run !== undefined) live.run.signalledUpTo = Math.min(live.run.signalledUpTo, core.clock.now() - 1);
    await applyDurably(core, live, { type: "skip_delay", step });
    if (live.run === undefined) scheduler.expect("due", live.workflow);
  });
}

/** Deletes instances, whatever they are doing. */
export function remove(core: Core, workflow: string, ids: readonly string[]): Promise<(Failure | undefined)[]> {
  return Promise.all(
    ids.map(async (id) => {
      try {
        await core.instances.use({ workflow, id }, (live) => removeOne(core, live));
        return undefined;
      } catch (cause) {
        if (cause instanceof Failure && !isStoreTrouble(cause)) return cause;
        throw cause;
      }
    }),
  );
}

async function removeOne(core: Core, live: Live): Promise<void> {
  checkOpen(core);
  stopRun(core, live);
  live.gone = true;
  try {
    await core.journal.remove(live.pk);
  } catch (cause) {
    core.instances.lost(live);
    throw cause;
  }
  core.instances.forget(live);
}
