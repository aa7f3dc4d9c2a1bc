/** A run of an instance that has ended, as clients that follow its script are told of it. */
import type { InstanceStatus } from "../../model/instance/status.ts";
import type { ScriptInvocation } from "../../ports/script-log.ts";
import type { InvocationOutcome } from "../../protocol/invocation.ts";
import type { Live, Run } from "../state/live.ts";

/** `isLost`: its host has ended. */
export function invocationOf({ workflow, id: instance, state }: Live, run: Run, isLost: boolean, time: number): ScriptInvocation {
  return {
    version: run.link.version,
    origin: { workflow, instance },
    event: { rpcMethod: "run", workflow, instance },
    startedAt: run.startedAt,
    outcome: isLost ? "unknown" : outcomeOf(state.status),
    time,
  };
}

function outcomeOf(status: InstanceStatus): InvocationOutcome {
  if (status === "errored") return "exception";
  return status === "terminated" ? "canceled" : "ok";
}
