/** Queues: make, look for, change, empty and delete them. */
import { z } from "zod";
import { LIMITS } from "../../../model/limits.ts";
import { delayProblem, type Queue, type QueueSettings } from "../../../model/platform/queue.ts";
import { iso } from "../../../model/time/calendar.ts";
import { endpoint, type Api, type Endpoint } from "../../endpoint/endpoint.ts";
import { page, pageOf } from "../workflows/schemas.ts";
import { activeVersion } from "../../../workers/versions/scripts.ts";
import { showConsumer, shownConsumer } from "./consumers.ts";

const QUEUES = "/accounts/{account_id}/queues";

/** The path of one queue. */
export const QUEUE = "/accounts/{account_id}/queues/{queue_id}";

const PER_PAGE = 100;

const shown = z.looseObject({
  queue_id: z.string(),
  queue_name: z.string(),
  created_on: z.iso.datetime(),
  modified_on: z.iso.datetime(),
  producers_total_count: z.int(),
  producers: z.array(z.looseObject({ type: z.string() })),
  consumers_total_count: z.int(),
  consumers: z.array(shownConsumer),
});

/** Seconds that a message may be held back. */
export const delay: z.ZodType<number> = z.number().superRefine((seconds, context) => {
  const message = delayProblem(seconds);
  if (message !== undefined) context.addIssue({ code: "custom", message });
});

const settings = z
  .object({
    delivery_delay: delay.nullish(),
    delivery_paused: z.boolean().nullish(),
    message_retention_period: z.int().min(60).max(LIMITS.queueRetentionCeilingSeconds).nullish(),
  })
  .nullish()
  .transform((given): Partial<QueueSettings> => ({
    ...(typeof given?.delivery_delay === "number" && { deliveryDelaySeconds: given.delivery_delay }),
    ...(typeof given?.delivery_paused === "boolean" && { deliveryPaused: given.delivery_paused }),
    ...(typeof given?.message_retention_period === "number" && { retentionSeconds: given.message_retention_period }),
  }));

const change = z.object({ queue_name: z.string().optional(), settings });

/** Which scripts send to which queues, by the names of these. */
async function producers(api: Api): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const script of await api.catalog.scriptNames()) {
    const version = await activeVersion(api.catalog, script).catch(() => undefined);
    for (const binding of version?.bindings ?? [])
      if (binding.type === "queue") found.set(binding.queue, [...(found.get(binding.queue) ?? []), script]);
  }
  return found;
}

async function show(api: Api, queues: readonly Queue[]): Promise<object[]> {
  const all = await producers(api);
  return queues.map(({ id, name, createdAt, modifiedAt, settings: set, consumer }) => {
    const scripts = [...new Set(all.get(name) ?? [])];
    return {
      queue_id: id,
      queue_name: name,
      created_on: iso(createdAt),
      modified_on: iso(modifiedAt),
      producers_total_count: scripts.length,
      producers: scripts.map((script) => ({ type: "worker", script })),
      consumers_total_count: consumer === undefined ? 0 : 1,
      consumers: consumer === undefined ? [] : [showConsumer(consumer, name)],
      settings: {
        delivery_delay: set.deliveryDelaySeconds,
        delivery_paused: set.deliveryPaused,
        message_retention_period: set.retentionSeconds,
      },
    };
  });
}

async function showOne(api: Api, queue: Queue): Promise<unknown> {
  return (await show(api, [queue]))[0];
}

async function update(api: Api, id: string, { queue_name: name, settings: set }: z.output<typeof change>): Promise<unknown> {
  return showOne(api, await api.queues.change(id, { settings: set, ...(name !== undefined && { name }) }));
}

/** Queues as wholes. */
export const queues: readonly Endpoint[] = [
  endpoint("get", QUEUES, {
    summary: "List queues by name, optionally only those with the given names",
    query: z.object({
      page: page.default(1),
      per_page: z.string().optional(),
      name: z.union([z.string(), z.array(z.string())]).optional(),
    }),
    result: z.array(shown),
    handle: async ({ query }, api) => {
      const names = query.name === undefined ? undefined : [query.name].flat();
      const found = api.queues.list().filter(({ name }) => names?.includes(name) !== false);
      const { items, info } = pageOf(found, { page: query.page, per_page: PER_PAGE });
      return { result: await show(api, items), info };
    },
  }),
  endpoint("post", QUEUES, {
    needs: "admin",
    summary: "Create a queue",
    body: z.object({ queue_name: z.string(), settings }),
    result: shown,
    handle: async ({ body }, api) => ({ result: await showOne(api, await api.queues.create(body.queue_name, body.settings)) }),
  }),
  endpoint("get", QUEUE, {
    summary: "Read a queue",
    result: shown,
    handle: async ({ params }, api) => ({ result: await showOne(api, api.queues.get(params.queue_id)) }),
  }),
  ...(["put", "patch"] as const).map((method) =>
    endpoint(method, QUEUE, {
      needs: "admin",
      summary: "Rename a queue or change its settings; omitted settings stay",
      body: change,
      result: shown,
      handle: async ({ params, body }, api) => ({ result: await update(api, params.queue_id, body) }),
    }),
  ),
  endpoint("delete", QUEUE, {
    needs: "admin",
    summary: "Delete a queue with its messages",
    handle: async ({ params }, api) => {
      await api.queues.remove(params.queue_id);
      await api.subscriptions.removeOf(params.queue_id);
    },
  }),
  endpoint("post", `${QUEUE}/purge`, {
    summary: "Delete all messages of a queue",
    body: z.object({ delete_messages_permanently: z.literal(true) }),
    result: shown,
    handle: async ({ params }, api) => {
      await api.queues.purge(params.queue_id);
      return { result: await showOne(api, api.queues.get(params.queue_id)) };
    },
  }),
];
