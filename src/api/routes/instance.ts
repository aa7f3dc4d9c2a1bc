/** One instance: its log, the full output of a step, its status, and events for it. */
import { z } from "zod";
import type { InstanceAddress } from "../../engine/engine.ts";
import { Failure } from "../../model/errors.ts";
import { LogFold, type InstanceLog } from "../../model/log.ts";
import { LIMITS } from "../../model/limits.ts";
import type { InstanceStatus } from "../../model/status.ts";
import { StepOutputFold } from "../../model/step-output.ts";
import { encode } from "../../model/value.ts";
import { iso } from "../../model/time.ts";
import { endpoint, type Api, type Endpoint } from "../endpoint.ts";
import { errorInfo, status, timestamp, triggerSource } from "../schemas.ts";
import { workflowOf } from "./workflows.ts";

const INSTANCE = "/accounts/{account_id}/workflows/{workflow_name}/instances/{instance_id}";

const log = z.object({
  status,
  params: z.unknown(),
  trigger: z.object({ source: triggerSource }),
  schedule: z.object({ cron: z.string(), scheduledTime: z.number() }).optional(),
  versionId: z.string(),
  queued: timestamp,
  start: timestamp.nullable(),
  end: timestamp.nullable(),
  success: z.boolean().nullable(),
  error: errorInfo.nullable(),
  output: z.union([z.string(), z.number()]).nullable(),
  rollback: z.null(),
  step_count: z.int(),
  steps: z.array(z.looseObject({ type: z.enum(["step", "sleep", "waitForEvent", "termination"]) })),
});

const change = z.discriminatedUnion("status", [
  z.object({ status: z.literal("pause") }),
  z.object({ status: z.literal("resume") }),
  z.object({
    status: z.literal("terminate"),
    rollback: z.literal(false, "Rollback is not supported yet; leave it out").optional(),
  }),
  z.object({
    status: z.literal("restart"),
    from: z.null("Restarting from a step is not supported yet; leave it out to restart from the beginning").optional(),
  }),
]);

type Change = "pause" | "resume" | "terminate" | "restart";

/** Changes an instance's status; answers the one that it has right after. */
export const changeStatus: Readonly<
  Record<Change, (api: Pick<Api, "engine">, address: InstanceAddress) => Promise<InstanceStatus>>
> = {
  pause: ({ engine }, address) => engine.pause(address),
  resume: ({ engine }, address) => engine.resume(address),
  terminate: ({ engine }, address) => engine.terminate(address),
  restart: ({ engine }, address) => engine.restart(address),
};

const stepQuery = z.object({
  name: z.string().min(1),
  type: z.enum(["step", "waitForEvent"]),
  attempt: z.coerce.number().int().min(1).optional(),
});

/** The address of the instance that a path names. Fails with `workflow.not_found`. */
async function addressOf(api: Api, params: { workflow_name: string; instance_id: string }): Promise<InstanceAddress> {
  const { name } = await workflowOf(api, params.workflow_name);
  return { workflow: name, id: params.instance_id };
}

/** Folds the log of an instance. Fails with `instance.not_found`. */
export async function readLog({ engine }: Pick<Api, "engine">, address: InstanceAddress): Promise<InstanceLog> {
  const fold = new LogFold();
  for await (const event of engine.history(address)) fold.add(event);
  // A journal is never empty: none means that the instance was deleted while it was read.
  if (fold.log === undefined) throw new Failure("instance.not_found", { field: "instance_id" });
  return fold.log;
}

export const instance: readonly Endpoint[] = [
  endpoint({
    method: "get",
    path: INSTANCE,
    summary: "Read the log of an instance",
    query: z.object({ order: z.enum(["asc", "desc"]).default("asc"), simple: z.enum(["true", "false"]).default("false") }),
    result: log,
    handle: async ({ params, query }, api) => {
      const { steps, ...rest } = await readLog(api, await addressOf(api, params));
      const shown = query.order === "asc" ? steps : steps.toReversed();
      const count = steps.filter(({ type }) => type !== "termination").length;
      return { result: { ...rest, rollback: null, step_count: count, steps: query.simple === "true" ? [] : shown } };
    },
  }),
  endpoint({
    method: "delete",
    path: INSTANCE,
    summary: "Delete an instance, whatever it is doing",
    result: z.object({ instanceId: z.string(), timestamp }),
    handle: async ({ params }, api) => {
      const { workflow, id } = await addressOf(api, params);
      const [failure] = await api.engine.remove(workflow, [id]);
      if (failure !== undefined) throw failure;
      return { result: { instanceId: id, timestamp: iso(Date.now()) } };
    },
  }),
  endpoint({
    method: "get",
    path: `${INSTANCE}/step`,
    summary: "Read the full output of one step, or of one of its attempts",
    query: stepQuery,
    result: z.object({ status, error: errorInfo.nullable(), output: z.unknown(), event_type: z.string().optional() }),
    handle: async ({ params, query }, api) => {
      const fold = new StepOutputFold(query);
      for await (const event of api.engine.history(await addressOf(api, params))) fold.add(event);
      if (fold.result === undefined)
        throw new Failure("instance.step_not_found", { field: query.attempt === undefined ? "name" : "attempt" });
      return { result: fold.result };
    },
  }),
  endpoint({
    method: "patch",
    path: `${INSTANCE}/status`,
    summary: "Pause, resume, terminate or restart an instance",
    body: change,
    result: z.object({ status, timestamp }),
    handle: async ({ params, body }, api) => {
      const address = await addressOf(api, params);
      return { result: { status: await changeStatus[body.status](api, address), timestamp: iso(Date.now()) } };
    },
  }),
  endpoint({
    method: "post",
    path: `${INSTANCE}/events/{event_type}`,
    summary: `Send an event; the body is its payload, at most ${LIMITS.valueBytes} bytes`,
    body: z.unknown(),
    result: z.object({ instanceId: z.string(), timestamp }),
    handle: async ({ params, body }, api) => {
      const address = await addressOf(api, params);
      await api.engine.sendEvent(address, params.event_type, encode(body));
      return { result: { instanceId: address.id, timestamp: iso(Date.now()) } };
    },
  }),
];
