/** A run of an instance that has ended, as it is reported to clients that follow its script. */
import type { InstanceStatus } from "../../model/instance/status.ts";
import type { InvocationOutcome } from "../../protocol/invocation.ts";
import type { Live, Run } from "../state/live.ts";
import type { World } from "../state/world.ts";

/** Reports it. `isLost`: its host has ended. */
export function reportEnd(
  { onInvocation, clock }: World,
  { workflow, id: instance, state }: Live,
  run: Run,
  isLost: boolean,
): void {
  onInvocation?.({
    version: run.link.version,
    origin: { workflow, instance },
    event: { rpcMethod: "run", workflow, instance },
    startedAt: run.startedAt,
    outcome: isLost ? "unknown" : outcomeOf(state.status),
    time: clock.now(),
  });
}

function outcomeOf(status: InstanceStatus): InvocationOutcome {
  if (status === "errored") return "exception";
  return status === "terminated" ? "canceled" : "ok";
}
