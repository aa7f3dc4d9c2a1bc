import { decode, encode } from "../../model/values/value.ts";
import type { BindingHandler } from "../../ports/executor.ts";
import { workflowBinding } from "../../bindings/workflow/client.ts";
import { WorkflowEntrypoint } from "../../runtime/cloudflare/workers.ts";
import { NonRetryableError } from "../../runtime/cloudflare/workflows.ts";
import type { WorkflowClass } from "../../runtime/run/runtime.ts";
import { executorContract } from "../../../test/contracts/executor/executor.ts";
import { contractScript, type Platform } from "../../../test/contracts/executor/script.ts";
import { inProcessExecutor } from "./executor.ts";

const SAME_PROCESS = "the script shares this process";

executorContract(
  "in-process",
  ({ bindings, onLog }) => inProcessExecutor({ classes: classesOf(), env: envOf(bindings), onLog }),
  {
    bindings: "env is made by the caller that opens the executor",
    isolation: SAME_PROCESS,
    load: "classes are given, no code is loaded",
    modules: "classes are given, no code is loaded",
    fetch: "there is no fetch handler",
    events: "there are no handlers",
    hang: SAME_PROCESS,
    crash: SAME_PROCESS,
    rejections: SAME_PROCESS,
    exit: SAME_PROCESS,
  },
);

function classesOf(): Record<string, WorkflowClass> {
  const platform = { WorkflowEntrypoint, NonRetryableError, env: undefined } as unknown as Platform;
  return contractScript(platform) as Record<string, WorkflowClass>;
}

function envOf(bindings: BindingHandler): unknown {
  return {
    FLOW: workflowBinding(async (method, args) =>
      decode(await bindings({ to: "workflow", name: "flow", method, args: encode(args) })),
    ),
  };
}
