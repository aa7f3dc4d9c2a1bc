/** A queue binding as user code knows it (`env.MY_QUEUE`): Cloudflare's `Queue`. A promise resolves when the messages are durable. */
import type { ContentType, SentMessage } from "../../model/platform/queue.ts";
import type { Call } from "./calls.ts";
import { toBody } from "./queue-body.ts";

/** How a message is sent. */
export interface QueueSendOptions {
  /** `json` unless it is said. */
  readonly contentType?: ContentType;
  /** How long it is held back: 0 to 86,400. The queue's own delay when absent. */
  readonly delaySeconds?: number;
}

/** A message of a batch. */
export interface MessageSendRequest<Body = unknown> extends QueueSendOptions {
  readonly body: Body;
}

/** How much a queue holds. */
export interface QueueMetrics {
  readonly backlogCount: number;
  readonly backlogBytes: number;
  /** Of the message that is next. */
  readonly oldestMessageTimestamp?: Date;
}

/** What is answered when messages are durable. */
export interface QueueSendResponse {
  readonly metadata: { readonly metrics: QueueMetrics };
}

/** Sends messages. Rejects when there is no such queue, and for what is too large: nothing has been sent then. */
export interface Queue<Body = unknown> {
  send(body: Body, options?: QueueSendOptions): Promise<QueueSendResponse>;
  /** All of them, or none. `delaySeconds` is for those that do not say themselves. */
  sendBatch(
    messages: Iterable<MessageSendRequest<Body>>,
    options?: Pick<QueueSendOptions, "delaySeconds">,
  ): Promise<QueueSendResponse>;
  metrics(): Promise<QueueMetrics>;
}

/** A binding that forwards to `call`. */
export function queueBinding(call: Call): Queue {
  const send = async (messages: readonly SentMessage[], delaySeconds?: number): Promise<QueueSendResponse> => {
    const metrics = (await call("send", [messages, delaySeconds])) as QueueMetrics;
    return { metadata: { metrics } };
  };
  return {
    send: async (body, options) => send([sent({ ...options, body })]),
    sendBatch: async (messages, options) => send(Array.from(messages, sent), options?.delaySeconds),
    metrics: async () => (await call("metrics", [])) as QueueMetrics,
  };
}

function sent({ body, contentType, delaySeconds }: MessageSendRequest): SentMessage {
  return { ...toBody(body, contentType ?? undefined), ...(delaySeconds !== undefined && { delaySeconds }) };
}
