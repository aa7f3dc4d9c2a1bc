/** One instance: its log, the full output of a step, its status, and events for it. */
import { z } from "zod";
import type { InstanceAddress } from "../../engine/engine.ts";
import { Failure } from "../../model/errors.ts";
import { LogFold } from "../../model/log.ts";
import type { InstanceLog } from "../../model/log-entries.ts";
import { LIMITS } from "../../model/limits.ts";
import type { InstanceStatus } from "../../model/status.ts";
import type { StepKey } from "../../model/step.ts";
import { StepOutputFold } from "../../model/step-output.ts";
import { encode } from "../../model/value.ts";
import { iso } from "../../model/time.ts";
import type { StoredStream } from "../../model/stream.ts";
import { endpoint, type Api, type Endpoint, type Reply } from "../endpoint.ts";
import { errorInfo, restartFrom, status, timestamp, triggerSource } from "../schemas.ts";
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
  rollback: z.object({ outcome: z.enum(["complete", "failed"]), error: errorInfo.nullable() }).nullable(),
  step_count: z.int(),
  steps: z.array(z.looseObject({ type: z.enum(["step", "rollback", "sleep", "waitForEvent", "termination"]) })),
});

/** What may be asked of an instance's status. */
export type Change =
  | { status: "pause" | "resume" }
  | { status: "terminate"; rollback?: boolean | undefined }
  | { status: "restart"; from?: StepKey | null | undefined };

const change: z.ZodType<Change> = z.discriminatedUnion("status", [
  z.object({ status: z.literal("pause") }),
  z.object({ status: z.literal("resume") }),
  z.object({ status: z.literal("terminate"), rollback: z.boolean().optional() }),
  z.object({ status: z.literal("restart"), from: restartFrom.nullish() }),
]);

/** Changes an instance's status; answers the one that it has right after. */
export function changeStatus({ engine }: Pick<Api, "engine">, address: InstanceAddress, body: Change): Promise<InstanceStatus> {
  switch (body.status) {
    case "pause":
      return engine.pause(address);
    case "resume":
      return engine.resume(address);
    case "terminate":
      return engine.terminate(address, { rollback: body.rollback === true });
    case "restart":
      return engine.restart(address, body.from ?? undefined);
  }
}

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
  for await (const events of engine.past(address)) for (const event of events) fold.add(event);
  // A journal is never empty: none means that the instance was deleted while it was read.
  if (fold.log === undefined) throw new Failure("instance.not_found", { field: "instance_id" });
  return fold.log;
}

/** The bytes of a stream as they are, read from the store as fast as the client takes them. */
async function bytesOf({ engine }: Api, address: InstanceAddress, stream: StoredStream): Promise<Reply> {
  const chunks = engine.stream(address, stream)[Symbol.asyncIterator]();
  // Read before anything is answered: a stream that is not there is still a failure with a name then.
  let next = await chunks.next();
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        if (next.done === true) return controller.close();
        controller.enqueue(next.value);
        next = await chunks.next();
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, {
    headers: { "content-type": "application/octet-stream", "content-length": String(stream.bytes) },
  });
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
      const count = steps.filter(({ type }) => type !== "termination" && type !== "rollback").length;
      return { result: { ...rest, step_count: count, steps: query.simple === "true" ? [] : shown } };
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
      const address = await addressOf(api, params);
      for await (const events of api.engine.past(address)) for (const event of events) fold.add(event);
      if (fold.result === undefined)
        throw new Failure("instance.step_not_found", { field: query.attempt === undefined ? "name" : "attempt" });
      return fold.stream === undefined ? { result: fold.result } : bytesOf(api, address, fold.stream);
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
      return { result: { status: await changeStatus(api, address, body), timestamp: iso(Date.now()) } };
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
