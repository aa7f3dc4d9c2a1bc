/** The instances of a workflow: list them, create them, and do something to many of them at once. */
import { z } from "zod";
import { checkRequest } from "../../../engine/verbs/create.ts";
import type { CreateRequest, Engine, InstanceAddress } from "../../../engine/contract.ts";
import { Failure, failureKind } from "../../../model/failures/failure.ts";
import { LIMITS } from "../../../model/limits.ts";
import { iso, isoOrNull } from "../../../model/time/calendar.ts";
import type { InstanceSummary } from "../../../ports/instances/summary.ts";
import type { ListQuery } from "../../../ports/instances/instance-index.ts";
import { readCursor, writeCursor } from "./cursor.ts";
import { endpoint, type Api, type Endpoint } from "../../endpoint/endpoint.ts";
import type { ResultInfo } from "../../endpoint/envelope.ts";
import { retention } from "../../../workers/upload/workflow-settings.ts";
import { instant, page, perPage, status, timestamp, triggerSource } from "./schemas.ts";
import { encodeField } from "./values.ts";
import { workflowOf } from "./workflows.ts";
import { toFilter } from "./filter.ts";
import type { TriggerSource } from "../../../model/instance/status.ts";

const LOCATIONS = ["wnam", "enam", "sam", "weur", "eeur", "apac", "apac-ne", "apac-se", "oc", "afr", "me"] as const;

/** An instance as a list shows it. */
export const listed: z.ZodObject = z.object({
  id: z.string(),
  status,
  created_on: timestamp,
  modified_on: timestamp,
  started_on: timestamp.nullable(),
  ended_on: timestamp.nullable(),
  version_id: z.string(),
  workflow_id: z.string(),
  trigger_source: triggerSource,
});

const list = z
  .object({
    page: page.optional(),
    per_page: perPage(50),
    cursor: z.string().min(1).optional(),
    direction: z.enum(["asc", "desc"]).default("desc"),
    status: status.optional(),
    date_start: instant.optional(),
    date_end: instant.optional(),
  })
  .refine((query) => query.page === undefined || query.cursor === undefined, {
    path: ["cursor"],
    message: "Use either page or cursor, not both",
  });

/** Instances that are counted one by one where no count is kept; above it the total says this many. */
const COUNT_CAP = 10_000;

const newInstance = z.object({
  instance_id: z.string().nullish(),
  params: z.unknown().optional(),
  instance_retention: retention.nullish(),
  location_hint: z.enum(LOCATIONS).nullish(),
});

const created = z.object({
  id: z.string(),
  status,
  version_id: z.string(),
  workflow_id: z.string(),
  trigger_source: triggerSource,
});

const ids = z.array(z.string()).min(1).max(LIMITS.batch);

const ITEM_ERROR = z.object({ id: z.string(), code: z.int(), message: z.string() });

/** Statuses that the job which terminates all instances can be narrowed to. */
const TERMINABLE = ["queued", "running", "paused", "waitingForPause", "waiting"] as const;

const COLLECTION = "/accounts/{account_id}/workflows/{workflow_name}/instances";

/** Fixed segments come before the ids that they could be mistaken for. */
export const instances: readonly Endpoint[] = [
  endpoint("get", COLLECTION, {
    summary: "List instances, newest first, by page or by cursor",
    query: list,
    result: z.array(listed),
    handle: async ({ params, query }, api) => {
      const workflow = await workflowOf(api, params.workflow_name);
      const { items, info } = await listInstances(api, workflow.name, query);
      return { result: items.map((each) => showListed(each, workflow.id)), info };
    },
  }),
  endpoint("post", COLLECTION, {
    summary: "Create an instance",
    body: newInstance,
    takesValues: true,
    maxBody: LIMITS.valueBodyBytes,
    admit: ({ workflow_name: workflow }, { engine }) => engine.admit(workflow),
    result: created,
    handle: async ({ params, body }, api) => {
      const one = await createOne(api.engine, params.workflow_name, toRequest(body, ""), "api");
      const workflow = await workflowOf(api, params.workflow_name);
      return { result: showCreated(one, workflow.id) };
    },
  }),
  endpoint("post", `${COLLECTION}/batch`, {
    summary: "Create up to 100 instances; existing ids are skipped",
    body: z.array(newInstance).min(1).max(LIMITS.batch),
    takesValues: true,
    maxBody: LIMITS.batchBodyBytes,
    admit: ({ workflow_name: workflow }, { engine }) => engine.admit(workflow),
    result: z.array(created),
    handle: async ({ params, body }, api) => {
      const requests = await toRequests(body, api.clock);
      checkRequests(requests);
      const made = await api.engine.create(params.workflow_name, requests, "api");
      const workflow = await workflowOf(api, params.workflow_name);
      return { result: made.flatMap((each) => (each instanceof Failure ? [] : [showCreated(each, workflow.id)])) };
    },
  }),
  endpoint("post", `${COLLECTION}/batch/delete`, {
    summary: "Delete up to 100 instances in any status",
    body: z.object({ instances: ids }),
    result: z.object({ deleted: z.array(z.object({ id: z.string() })), errors: z.array(ITEM_ERROR) }),
    handle: async ({ params, body }, api) => {
      const { name } = await workflowOf(api, params.workflow_name);
      return { result: await deleteInstances(api, name, body.instances) };
    },
  }),
  endpoint("post", `${COLLECTION}/batch/terminate`, {
    summary: "Terminate up to 100 instances",
    body: ids,
    result: z.object({ instancesTerminated: z.int(), status: z.literal("ok") }),
    handle: async ({ params, body }, api) => {
      const { name } = await workflowOf(api, params.workflow_name);
      const ended = await Promise.all([...new Set(body)].map((id) => terminated(api, name, id)));
      return { result: { instancesTerminated: ended.filter(Boolean).length, status: "ok" } };
    },
  }),
  endpoint("put", `${COLLECTION}/terminate`, {
    summary: "Start terminating all unfinished instances in the background",
    query: z.object({ status: z.enum(TERMINABLE).optional() }),
    result: z.object({ status: z.enum(["ok", "already_running"]) }),
    handle: async ({ params, query }, api) => {
      const { name } = await workflowOf(api, params.workflow_name);
      return { result: { status: api.engine.terminateAll(name, query.status) } };
    },
  }),
  endpoint("get", `${COLLECTION}/terminate`, {
    summary: "Read whether the termination of all instances is running",
    result: z.object({ status: z.enum(["running", "not_running"]) }),
    handle: async ({ params }, api) => {
      const { name } = await workflowOf(api, params.workflow_name);
      return { result: { status: api.engine.terminatingAll(name) ? "running" : "not_running" } };
    },
  }),
];

/** A slice of a workflow's instances, with what clients need to read on: a page's number, a cursor, or both. */
async function listInstances(
  { store }: Api,
  workflow: string,
  query: z.output<typeof list>,
): Promise<{ items: InstanceSummary[]; info: ResultInfo }> {
  const { per_page: limit, direction } = query;
  const filter = toFilter(workflow, query);
  const from: Pick<ListQuery, "offset" | "after"> =
    query.cursor === undefined ? { offset: ((query.page ?? 1) - 1) * limit } : { after: readCursor(query.cursor) };
  const found = await store.list({ ...filter, ...from, direction, limit: limit + 1 });
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const total = await store.count(filter, COUNT_CAP);
  const more = found.length > limit && query.page === undefined && last !== undefined;
  return {
    items,
    info: {
      count: items.length,
      per_page: limit,
      total_count: total,
      total_pages: Math.ceil(total / limit),
      ...(query.cursor === undefined && { page: query.page ?? 1 }),
      ...(more && { cursor: writeCursor(last) }),
    },
  };
}

/** Shows an instance as `listed` has it. */
export function showListed(summary: InstanceSummary, workflowId: string): object {
  const { id, status: current, createdAt, modifiedAt, startedAt, endedAt, versionId, trigger } = summary;
  return {
    id,
    status: current,
    created_on: iso(createdAt),
    modified_on: iso(modifiedAt),
    started_on: isoOrNull(startedAt),
    ended_on: isoOrNull(endedAt),
    version_id: versionId,
    workflow_id: workflowId,
    trigger_source: trigger,
  };
}

/** An instance is created queued; that it may be running by now is for the next request to find out. */
function showCreated({ id, versionId, trigger }: InstanceSummary, workflowId: string): z.input<typeof created> {
  return { id, status: "queued", version_id: versionId, workflow_id: workflowId, trigger_source: trigger };
}

function toRequest(
  { instance_id: id, params, instance_retention: kept }: z.output<typeof newInstance>,
  path: string,
): CreateRequest {
  return {
    ...(typeof id === "string" && { id }),
    ...(params !== undefined && { params: encodeField(`${path}params`, unwrapText(params)) }),
    ...(kept && { retention: kept }),
  };
}

/** Characters of params that are made text in one turn, about. */
const TURN = 1024 * 1024;

/** The requests of a batch. Where they are large, others get their turn in between. */
async function toRequests(batch: readonly z.output<typeof newInstance>[], clock: Api["clock"]): Promise<CreateRequest[]> {
  const requests: CreateRequest[] = [];
  let size = 0;
  for (const [i, each] of batch.entries()) {
    const request = toRequest(each, `[${i}].`);
    requests.push(request);
    size += request.params?.length ?? 0;
    if (size < TURN) continue;
    size = 0;
    await new Promise<void>((resolve) => clock.soon(resolve));
  }
  return requests;
}

/** Cloudflare's schema has params as JSON text; wrangler sends the value itself. A text that is JSON is taken for it. */
function unwrapText(params: unknown): unknown {
  if (typeof params !== "string") return params;
  try {
    return JSON.parse(params);
  } catch {
    return params;
  }
}

/** One that is refused for what it is refuses the batch: bad input changes nothing. */
export function checkRequests(requests: readonly CreateRequest[]): void {
  for (const [i, request] of requests.entries()) {
    const refusal = checkRequest(request, `[${i}].`);
    if (refusal !== undefined) throw refusal;
  }
}

/** Creates an instance. Fails as `Engine.create` says of it. */
export async function createOne(
  engine: Engine,
  workflow: string,
  request: CreateRequest,
  trigger: TriggerSource,
): Promise<InstanceSummary> {
  const [made] = await engine.create(workflow, [request], trigger);
  if (made === undefined || made instanceof Failure) throw made ?? new Failure("internal_server");
  return made;
}

/** Deletes an instance. Fails as `Engine.remove` says of it. */
export async function removeOne(engine: Engine, { workflow, id }: InstanceAddress): Promise<void> {
  const [failure] = await engine.remove(workflow, [id]);
  if (failure !== undefined) throw failure;
}

/** Deletes instances; an id that is given twice is deleted once and reported twice. */
export async function deleteInstances(
  { engine }: Pick<Api, "engine">,
  workflow: string,
  wanted: readonly string[],
): Promise<{ deleted: { id: string }[]; errors: { id: string; code: number; message: string }[] }> {
  const unique = [...new Set(wanted)];
  const outcomes = new Map((await engine.remove(workflow, unique)).map((failure, i) => [unique[i], failure]));
  const deleted = wanted.filter((id) => outcomes.get(id) === undefined).map((id) => ({ id }));
  const errors = wanted.flatMap((id) => {
    const failure = outcomes.get(id)?.failure;
    return failure === undefined ? [] : [{ id, code: failureKind(failure).code, message: `workflows.api.error.${failure}` }];
  });
  return { deleted, errors };
}

async function terminated({ engine }: Api, workflow: string, id: string): Promise<boolean> {
  try {
    await engine.terminate({ workflow, id });
    return true;
  } catch (cause) {
    if (cause instanceof Failure) return false;
    throw cause;
  }
}
