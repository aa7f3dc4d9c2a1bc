/** Messages over HTTP: send them, pull them, and say what became of them. */
import { z } from "zod";
import { LIMITS } from "../../../model/limits.ts";
import type { MessageBody, SentMessage } from "../../../model/platform/queue.ts";
import type { PulledMessage } from "../../../queues/pulls.ts";
import { endpoint, type Api, type Endpoint } from "../../endpoint/endpoint.ts";
import { delay, QUEUE } from "./queues.ts";

/** Text is JSON unless it says that it is not, as Cloudflare has it. */
const sent = z
  .object({ body: z.unknown(), content_type: z.enum(["text", "json"]).default("json"), delay_seconds: delay.nullish() })
  .transform(({ body, content_type: contentType, delay_seconds: delaySeconds }, context): SentMessage => {
    const refuse = (message: string): void => context.addIssue({ code: "custom", path: ["body"], message });
    if (body === undefined || (contentType === "text" && typeof body !== "string"))
      refuse("A message needs a body, and the body of a text message must be a string");
    if (contentType === "text" && typeof body === "string" && !body.isWellFormed())
      refuse("The text contains a lone surrogate, which is not valid Unicode");
    const text = contentType === "text" ? String(body) : JSON.stringify(body ?? null);
    return { contentType, body: text, ...(typeof delaySeconds === "number" && { delaySeconds }) };
  });

const lease = z.object({ lease_id: z.string() });

async function metadata(api: Api, id: string): Promise<{ readonly metrics: object }> {
  const { count, bytes, oldestSentAt = 0 } = await api.queues.backlog(id);
  return { metrics: { backlog_count: count, backlog_bytes: bytes, oldest_message_timestamp_ms: oldestSentAt } };
}

async function send(api: Api, id: string, messages: readonly SentMessage[], delaySeconds?: number | null): Promise<object> {
  await api.queues.send(api.queues.get(id).name, messages, delaySeconds ?? undefined);
  return { metadata: await metadata(api, id) };
}

const answered = z.object({ metadata: z.object({ metrics: z.looseObject({ backlog_count: z.int() }) }) });

function show({ id, attempts, sentAt, leaseId, ...body }: PulledMessage): object {
  return {
    id,
    attempts,
    timestamp_ms: sentAt,
    lease_id: leaseId,
    body: shownBody(body),
    metadata: { "CF-Content-Type": body.contentType },
  };
}

/** Bytes, and what only Workers understand, come in base64. */
function shownBody({ contentType, body }: MessageBody): string {
  return contentType === "v8" ? Buffer.from(body).toString("base64") : body;
}

/** Messages, each by its queue. */
export const queuesMessages: readonly Endpoint[] = [
  endpoint("post", `${QUEUE}/messages`, {
    summary: "Send a message; the response comes once it is durable",
    body: sent,
    takesValues: true,
    maxBody: LIMITS.valueBodyBytes,
    result: answered,
    handle: async ({ params, body }, api) => ({ result: await send(api, params.queue_id, [body]) }),
  }),
  endpoint("post", `${QUEUE}/messages/batch`, {
    summary: "Send messages, all or none",
    body: z.object({ messages: z.array(sent), delay_seconds: delay.nullish() }),
    takesValues: true,
    maxBody: LIMITS.valueBodyBytes,
    result: answered,
    handle: async ({ params, body }, api) => ({
      result: await send(api, params.queue_id, body.messages, body.delay_seconds),
    }),
  }),
  endpoint("post", `${QUEUE}/messages/pull`, {
    summary: "Pull messages of a queue with an http_pull consumer",
    body: z.object({
      batch_size: z.int().min(1).max(LIMITS.queueBatch).nullish(),
      visibility_timeout_ms: z.int().min(0).max(LIMITS.queueVisibilityMs).nullish(),
    }),
    result: z.looseObject({ message_backlog_count: z.int(), messages: z.array(z.looseObject({ lease_id: z.string() })) }),
    handle: async ({ params: { queue_id: id }, body }, api) => {
      const messages = await api.queues.pull(id, body.batch_size ?? undefined, body.visibility_timeout_ms ?? undefined);
      const { count } = await api.queues.backlog(id);
      return { result: { message_backlog_count: count, messages: messages.map(show), metadata: await metadata(api, id) } };
    },
  }),
  endpoint("post", `${QUEUE}/messages/ack`, {
    summary: "Acknowledge or retry pulled messages",
    body: z.object({
      acks: z.array(lease).max(LIMITS.queueBatch).default([]),
      retries: z
        .array(lease.extend({ delay_seconds: delay.nullish() }))
        .max(LIMITS.queueBatch)
        .default([]),
    }),
    result: z.object({ ackCount: z.int(), retryCount: z.int(), warnings: z.record(z.string(), z.string()) }),
    handle: async ({ params, body }, api) => {
      const { acked, retried, stale } = await api.queues.settle(params.queue_id, {
        acks: body.acks.map((each) => each.lease_id),
        retries: body.retries.map((each) => ({ leaseId: each.lease_id, delaySeconds: each.delay_seconds ?? undefined })),
      });
      const warnings = Object.fromEntries(
        stale.map((id) => [id, "The lease has expired: the message was removed or delivered again"]),
      );
      return { result: { ackCount: acked, retryCount: retried, warnings } };
    },
  }),
];
