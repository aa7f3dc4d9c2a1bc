/**
 * A workflow binding as user code knows it (`env.MY_WORKFLOW`): Cloudflare's `Workflow` and `WorkflowInstance`, noun for
 * noun. It does nothing but forward; what each verb means is said where it is answered, in `api/binding/workflow.ts`.
 */
import type { Call } from "../../runtime/bindings/calls.ts";
import type { BatchError, InstanceStatus, Workflow, WorkflowInstance } from "../../runtime/bindings/workflow-types.ts";
import { toSubscription } from "../../runtime/streams/subscription.ts";
import { INVALID_SUBSCRIBE_OPTIONS, wantedBy } from "../../model/views/subscription.ts";

export type * from "../../runtime/bindings/workflow-types.ts";

/** A binding that forwards to `call`. */
export function workflowBinding<Params = unknown>(call: Call): Workflow<Params> {
  const handle = (id: string): WorkflowInstance => ({
    id,
    pause: async () => void (await call("pause", [id])),
    resume: async () => void (await call("resume", [id])),
    terminate: async (options) => void (await call("terminate", [id, options])),
    restart: async (options) => void (await call("restart", [id, options])),
    delete: async () => void (await call("delete", [id])),
    status: async () => (await call("status", [id])) as InstanceStatus,
    sendEvent: async (event) => void (await call("sendEvent", [id, event])),
    subscribe: async (options) => {
      if (wantedBy(options) === undefined) throw new Error(INVALID_SUBSCRIBE_OPTIONS);
      return toSubscription(call, (await call("subscribe", [id, options])) as number);
    },
  });
  const createBatch = async (batch: unknown): Promise<never> => {
    const answer = await call("createBatch", [batch]);
    if (Array.isArray(answer)) return (answer as string[]).map(handle) as never;
    const { created, errors } = answer as { created: string[]; errors: BatchError[] };
    return { created: created.map(handle), errors } as never;
  };
  return {
    create: async (options) => handle((await call("create", [options])) as string),
    get: async (id) => handle((await call("get", [id])) as string),
    createBatch,
    deleteBatch: async (ids) => (await call("deleteBatch", [ids])) as never,
  };
}
