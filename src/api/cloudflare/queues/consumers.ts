/**
 * The consumer of a queue: a script whose `queue` handler gets batches, or clients that pull messages. A queue has at most one.
 */
import { z } from "zod";
import { LIMITS } from "../../../model/limits.ts";
import { iso } from "../../../model/time/calendar.ts";
import type { Consumer } from "../../../model/platform/queue.ts";
import type { WantedConsumer } from "../../../queues/queues.ts";
import { endpoint, type Api, type Endpoint } from "../../endpoint/endpoint.ts";
import { activeVersion } from "../../../workers/versions/scripts.ts";

const CONSUMERS = "/accounts/{account_id}/queues/{queue_id}/consumers";
const CONSUMER = `${CONSUMERS}/{consumer_id}` as const;

/** A consumer in answers. */
export const shownConsumer: z.ZodType = z.looseObject({
  consumer_id: z.string(),
  type: z.enum(["worker", "http_pull"]),
  created_on: z.iso.datetime(),
  settings: z.looseObject({ batch_size: z.int(), max_retries: z.int() }),
});

/** As `shownConsumer`. */
export function showConsumer(consumer: Consumer, queue: string): object {
  const { id, type, createdAt, settings, deadLetterQueue } = consumer;
  const common = { batch_size: settings.batchSize, max_retries: settings.maxRetries, retry_delay: settings.retryDelaySeconds };
  return {
    consumer_id: id,
    type,
    queue_name: queue,
    created_on: iso(createdAt),
    ...(deadLetterQueue !== undefined && { dead_letter_queue: deadLetterQueue }),
    ...(consumer.type === "worker"
      ? {
          script: consumer.script,
          script_name: consumer.script,
          settings: { ...common, max_wait_time_ms: settings.maxWaitMs, max_concurrency: settings.maxConcurrency },
        }
      : { settings: { ...common, visibility_timeout_ms: settings.visibilityTimeoutMs } }),
  };
}

const settings = z
  .object({
    batch_size: z.int().min(1).max(LIMITS.queueBatch).nullish(),
    max_retries: z.int().min(0).max(LIMITS.queueRetries).nullish(),
    max_wait_time_ms: z.int().min(0).max(LIMITS.queueWaitMs).nullish(),
    max_concurrency: z.int().min(1).max(LIMITS.queueConcurrency).nullish(),
    retry_delay: z.int().min(0).max(LIMITS.queueDelaySeconds).nullish(),
    visibility_timeout_ms: z.int().min(0).max(LIMITS.queueVisibilityMs).nullish(),
  })
  .nullish()
  .transform((given): WantedConsumer["settings"] => {
    const named = {
      batchSize: given?.batch_size,
      maxRetries: given?.max_retries,
      maxWaitMs: given?.max_wait_time_ms,
      maxConcurrency: given?.max_concurrency,
      retryDelaySeconds: given?.retry_delay,
      visibilityTimeoutMs: given?.visibility_timeout_ms,
    };
    return Object.fromEntries(Object.entries(named).filter(([, value]) => typeof value === "number"));
  });

const rest = { settings, dead_letter_queue: z.string().nullish() };

const wanted = z.discriminatedUnion("type", [
  z.object({ type: z.literal("worker"), script_name: z.string(), ...rest }),
  z.object({ type: z.literal("http_pull"), ...rest }),
]);

async function put(api: Api, queueId: string, body: z.output<typeof wanted>, consumerId?: string): Promise<object> {
  const queue = api.queues.get(queueId);
  if (body.type === "worker") await activeVersion(api.catalog, body.script_name);
  const kind = body.type === "worker" ? { type: body.type, script: body.script_name } : { type: body.type };
  const more = { settings: body.settings, deadLetterQueue: body.dead_letter_queue ?? undefined };
  return showConsumer(await api.queues.putConsumer(queueId, { ...kind, ...more }, consumerId), queue.name);
}

/** Consumers, each by its queue. */
export const queuesConsumers: readonly Endpoint[] = [
  endpoint("get", CONSUMERS, {
    summary: "List the consumer of a queue, if any",
    result: z.array(shownConsumer),
    handle: async ({ params }, { queues }) => {
      const { consumer, name } = queues.get(params.queue_id);
      return { result: consumer === undefined ? [] : [showConsumer(consumer, name)] };
    },
  }),
  endpoint("post", CONSUMERS, {
    needs: "admin",
    summary: "Add the consumer of a queue; creates its dead letter queue if needed",
    body: wanted,
    result: shownConsumer,
    handle: async ({ params, body }, api) => ({ result: await put(api, params.queue_id, body) }),
  }),
  endpoint("put", CONSUMER, {
    needs: "admin",
    summary: "Replace the consumer of a queue; omitted settings get their defaults",
    body: wanted,
    result: shownConsumer,
    handle: async ({ params, body }, api) => ({ result: await put(api, params.queue_id, body, params.consumer_id) }),
  }),
  endpoint("delete", CONSUMER, {
    needs: "admin",
    summary: "Remove the consumer of a queue",
    handle: async ({ params }, { queues }) => queues.removeConsumer(params.queue_id, params.consumer_id),
  }),
];
