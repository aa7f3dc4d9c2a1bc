/** One instance: its log, the full output of a step, its status, and events for it. */
import { z } from "zod";
import type { Engine, InstanceAddress } from "../../../engine/contract.ts";
import { Failure } from "../../../model/failures/failure.ts";
import { LIMITS } from "../../../model/limits.ts";
import type { InstanceStatus } from "../../../model/instance/status.ts";
import { iso } from "../../../model/time/calendar.ts";
import type { StoredStream } from "../../../model/step/stream.ts";
import { logOf, logView, type InstanceLog } from "../../../model/views/log.ts";
import { stepOutput, stepView } from "../../../model/views/step-output.ts";
import { endpoint, type Api, type Endpoint, type Reply } from "../../endpoint/endpoint.ts";
import { open, payload } from "../../endpoint/payload.ts";
import { errorInfo, restartFrom, status, timestamp, triggerSource } from "./schemas.ts";
import { encodeField } from "./values.ts";
import { workflowOf } from "./workflows.ts";
import { InstanceView } from "../../../model/views/fold.ts";
import { removeOne } from "./instances.ts";

const INSTANCE = "/accounts/{account_id}/workflows/{workflow_name}/instances/{instance_id}";

/** Null while it goes on. */
const success = z.boolean().nullable();

const ran = { name: z.string(), start: timestamp, end: timestamp.nullable() };

/** Configurations are written in the code. */
const config = open(z.unknown());

const attempts = z.array(z.object({ start: timestamp, end: timestamp.nullable(), success, error: errorInfo.nullable() }));

const entry = z.discriminatedUnion("type", [
  z.object({
    ...ran,
    type: z.enum(["step", "rollback"]),
    success,
    output: payload(z.string()).nullable(),
    config,
    attempts,
  }),
  z.object({ ...ran, type: z.literal("sleep"), finished: z.boolean(), error: errorInfo.nullable() }),
  z.object({
    ...ran,
    type: z.literal("waitForEvent"),
    event_type: z.string(),
    finished: z.boolean(),
    error: errorInfo.nullable(),
    output: payload(z.string()).optional(),
  }),
  z.object({ type: z.literal("termination"), trigger: z.object({ source: triggerSource }) }),
]);

/** What Cloudflare's API and wrangler's local one both tell of an instance. */
export const shownLog: z.ZodObject = z.object({
  status,
  params: payload(z.unknown()),
  queued: timestamp,
  start: timestamp.nullable(),
  end: timestamp.nullable(),
  output: payload(z.union([z.string(), z.number()])).nullable(),
  error: errorInfo.nullable(),
  step_count: z.int(),
  steps: z.array(entry),
});

const log = shownLog.extend({
  trigger: z.object({ source: triggerSource }),
  schedule: z.object({ cron: z.string(), scheduledTime: z.number() }).optional(),
  versionId: z.string(),
  success,
  rollback: z.object({ outcome: z.enum(["complete", "failed"]), error: errorInfo.nullable() }).nullable(),
});

const change = z.discriminatedUnion("status", [
  z.object({ status: z.literal("pause") }),
  z.object({ status: z.literal("resume") }),
  z.object({ status: z.literal("terminate"), rollback: z.boolean().optional() }),
  z.object({ status: z.literal("restart"), from: restartFrom.nullish() }),
]);

/** What may be asked of an instance's status. */
export type Change = z.output<typeof change>;

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
export async function addressOf(api: Api, params: { workflow_name: string; instance_id: string }): Promise<InstanceAddress> {
  const { name } = await workflowOf(api, params.workflow_name);
  return { workflow: name, id: params.instance_id };
}

/** Folds the log of an instance, with the outputs of its steps or without. Fails with `instance.not_found`. */
export async function readLog({ engine }: Pick<Api, "engine">, address: InstanceAddress, outputs: boolean): Promise<InstanceLog> {
  const log = logOf(await readInto(engine, address, logView(outputs)));
  if (log === undefined) throw gone();
  return log;
}

/** Folds the whole journal of an instance into a view. */
export async function readInto<T>(engine: Engine, address: InstanceAddress, view: InstanceView<T>): Promise<InstanceView<T>> {
  for await (const events of engine.history(address)) for (const event of events) view.add(event);
  return view;
}

/** A journal is never empty: a view of none means that the instance was deleted while it was read. */
export function gone(): Failure {
  return new Failure("instance.not_found", { field: "instance_id" });
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
  endpoint("get", INSTANCE, {
    summary: "Read the log of an instance",
    query: z.object({ order: z.enum(["asc", "desc"]).default("asc"), simple: z.enum(["true", "false"]).default("false") }),
    result: log,
    handle: async ({ params, query }, api) => {
      const { steps, ...rest } = await readLog(api, await addressOf(api, params), query.simple === "false");
      const shown = query.order === "asc" ? steps : steps.toReversed();
      const count = steps.filter(({ type }) => type !== "termination" && type !== "rollback").length;
      return { result: { ...rest, step_count: count, steps: query.simple === "true" ? [] : shown } };
    },
  }),
  endpoint("delete", INSTANCE, {
    summary: "Delete an instance in any status",
    result: z.object({ instanceId: z.string(), timestamp }),
    handle: async ({ params }, api) => {
      const address = await addressOf(api, params);
      await removeOne(api.engine, address);
      return { result: { instanceId: address.id, timestamp: iso(api.clock.now()) } };
    },
  }),
  endpoint("get", `${INSTANCE}/step`, {
    summary: "Read the full output of a step or of one attempt",
    query: stepQuery,
    result: z.object({ status, error: errorInfo.nullable(), output: payload(z.unknown()), event_type: z.string().optional() }),
    handle: async ({ params, query }, api) => {
      const address = await addressOf(api, params);
      const found = stepOutput(await readInto(api.engine, address, stepView(query)), query);
      if (found === undefined)
        throw new Failure("instance.step_not_found", { field: query.attempt === undefined ? "name" : "attempt" });
      return found.stream === undefined ? { result: found.result } : bytesOf(api, address, found.stream);
    },
  }),
  endpoint("patch", `${INSTANCE}/status`, {
    summary: "Pause, resume, terminate or restart an instance",
    body: change,
    action: ({ status: verb }) => `workflows.instances.${verb}`,
    result: z.object({ status, timestamp }),
    handle: async ({ params, body }, api) => {
      const address = await addressOf(api, params);
      return { result: { status: await changeStatus(api, address, body), timestamp: iso(api.clock.now()) } };
    },
  }),
  endpoint("post", `${INSTANCE}/events/{event_type}`, {
    action: () => "workflows.instances.send-event",
    summary: `Send an event; the body is its payload, at most ${LIMITS.valueBytes} bytes`,
    body: z.unknown(),
    takesValues: true,
    maxBody: LIMITS.valueBodyBytes,
    result: z.object({ instanceId: z.string(), timestamp }),
    handle: async ({ params, body }, api) => {
      const address = await addressOf(api, params);
      await api.engine.sendEvent(address, params.event_type, encodeField("body", body));
      return { result: { instanceId: address.id, timestamp: iso(api.clock.now()) } };
    },
  }),
];
