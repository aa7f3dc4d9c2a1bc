/**
 * The rules of queues: when a batch is due, and what becomes of its messages once a consumer has had it. Delivery is at least
 * once; what a consumer says of a message counts even if it throws afterwards, and its first word on a message is its last.
 */
import { LIMITS } from "../limits.ts";
import { encodedBytes } from "../values/value.ts";

/** What a body is, as its sender says. */
export type ContentType = "text" | "json" | "bytes" | "v8";

/** A body as it is stored and as it travels: the text itself, JSON, base64, or a value encoded as those of workflows are. */
export interface MessageBody {
  readonly contentType: ContentType;
  readonly body: string;
}

/** A message as it is sent. */
export interface SentMessage extends MessageBody {
  readonly delaySeconds?: number | undefined;
}

/** A message as a consumer gets it. */
export interface DeliveredMessage extends MessageBody {
  readonly id: string;
  /** When it was sent, in epoch milliseconds. */
  readonly timestamp: number;
  /** Which delivery this is; the first is 1. */
  readonly attempts: number;
}

/** What holds for a queue. */
export interface QueueSettings {
  /** How long a message waits that does not say itself. Cloudflare's default: 0. */
  readonly deliveryDelaySeconds: number;
  readonly retentionSeconds: number;
  readonly deliveryPaused: boolean;
}

export const QUEUE_DEFAULTS: QueueSettings = {
  deliveryDelaySeconds: 0,
  retentionSeconds: LIMITS.queueRetentionSeconds,
  deliveryPaused: false,
};

/** How a consumer wants its messages. */
export interface ConsumerSettings {
  /** The most messages of a batch. */
  readonly batchSize: number;
  /** How long a batch that is not full waits for more, in milliseconds. */
  readonly maxWaitMs: number;
  /** How often a message is delivered again before it is given up. */
  readonly maxRetries: number;
  readonly retryDelaySeconds: number;
  /** How many batches may be in flight at once. */
  readonly maxConcurrency: number;
  /** How long a pulled message stays with its consumer, in milliseconds. */
  readonly visibilityTimeoutMs: number;
}

export const CONSUMER_DEFAULTS: ConsumerSettings = {
  batchSize: 10,
  maxWaitMs: 5_000,
  maxRetries: 3,
  retryDelaySeconds: 0,
  maxConcurrency: 10,
  visibilityTimeoutMs: 30_000,
};

/** A queue. Times are epoch milliseconds. */
export interface Queue {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly settings: QueueSettings;
  readonly consumer?: Consumer;
}

/** Gets the messages of a queue: a script's `queue` handler, or a client that pulls them. */
export type Consumer = ConsumerKind & {
  readonly id: string;
  readonly createdAt: number;
  readonly settings: ConsumerSettings;
  /** The name of the queue that takes what is given up. */
  readonly deadLetterQueue?: string;
};

/** What a consumer is. */
export type ConsumerKind = { readonly type: "worker"; readonly script: string } | { readonly type: "http_pull" };

/** What a consumer has said of the messages of a batch. */
export interface Verdict {
  /** The verdict on messages that it has not named: undefined when it has given none. */
  readonly all: "ack" | { readonly delaySeconds?: number | undefined } | undefined;
  /** Ids. */
  readonly acks: readonly string[];
  readonly retries: readonly { readonly id: string; readonly delaySeconds?: number | undefined }[];
}

/** Nothing was said. */
export const NO_VERDICT: Verdict = { all: undefined, acks: [], retries: [] };

/** What is to be done with messages, by their keys. */
export interface Settlement {
  readonly done: readonly number[];
  /** To be delivered at `visibleAt` or later (epoch milliseconds), after so many `attempts`. */
  readonly again: readonly { readonly pk: number; readonly visibleAt: number; readonly attempts: number }[];
  /** Given up. */
  readonly dead: readonly number[];
}

/** A message of a batch, as far as it matters here. */
export interface Delivered {
  readonly pk: number;
  readonly id: string;
  /** Deliveries, this one included. */
  readonly attempts: number;
}

/**
 * When a batch is due, in epoch milliseconds: as soon as it is full, or when the first of its messages has waited for long
 * enough. `visibleAt` is when the first messages may be delivered, ascending, no more of them than a batch takes; undefined
 * when there are none.
 */
export function batchDueAt(
  visibleAt: readonly number[],
  { batchSize, maxWaitMs }: Pick<ConsumerSettings, "batchSize" | "maxWaitMs">,
): number | undefined {
  const [first] = visibleAt;
  if (first === undefined) return undefined;
  return Math.min(first + maxWaitMs, visibleAt[batchSize - 1] ?? Infinity);
}

/** What becomes of a batch. `threw`: the consumer did not come to its end. */
export function settle(
  messages: readonly Delivered[],
  verdict: Verdict,
  threw: boolean,
  consumer: Pick<ConsumerSettings, "maxRetries" | "retryDelaySeconds">,
  now: number,
): Settlement {
  const acks = new Set(verdict.acks);
  const retries = new Map(verdict.retries.map(({ id, delaySeconds }) => [id, { delaySeconds }]));
  const done: number[] = [];
  const again: Settlement["again"][number][] = [];
  const dead: number[] = [];
  for (const { pk, id, attempts } of messages) {
    const said = acks.has(id) ? "ack" : (retries.get(id) ?? verdict.all ?? (threw ? {} : "ack"));
    if (said === "ack") done.push(pk);
    else if (attempts > consumer.maxRetries) dead.push(pk);
    else again.push({ pk, attempts, visibleAt: now + (delayIn(said) ?? consumer.retryDelaySeconds) * 1_000 });
  }
  return { done, again, dead };
}

/** Seconds that user code has asked for, as far as they may be: one that is held back for longer would never come again. */
function delayIn({ delaySeconds }: { readonly delaySeconds?: number | undefined }): number | undefined {
  return delaySeconds === undefined ? undefined : Math.min(Math.max(0, delaySeconds), LIMITS.queueDelaySeconds);
}

/** Why messages cannot be sent together, in words for their sender; undefined when they can. */
export function sendingProblem(messages: readonly SentMessage[]): string | undefined {
  if (messages.length === 0) return "A batch needs at least one message";
  if (messages.length > LIMITS.queueBatch) return `A batch has at most ${LIMITS.queueBatch} messages, not ${messages.length}`;
  const sizes = messages.map(bodyBytes);
  const large = sizes.findIndex((bytes) => bytes > LIMITS.queueMessageBytes);
  if (large >= 0) return `A message of ${sizes[large]} bytes is too large: at most ${LIMITS.queueMessageBytes} are allowed`;
  const sum = sizes.reduce((all, bytes) => all + bytes, 0);
  if (sum > LIMITS.queueBatchBytes) return `A batch of ${sum} bytes is too large: at most ${LIMITS.queueBatchBytes} are allowed`;
  return messages.map(({ delaySeconds }) => delayProblem(delaySeconds)).find((problem) => problem !== undefined);
}

/** Why messages cannot be held back for so long; undefined when they can. */
export function delayProblem(delaySeconds: number | undefined): string | undefined {
  if (delaySeconds === undefined) return undefined;
  const isValid = Number.isInteger(delaySeconds) && delaySeconds >= 0 && delaySeconds <= LIMITS.queueDelaySeconds;
  return isValid ? undefined : `A delay must be a whole number of seconds from 0 to ${LIMITS.queueDelaySeconds}`;
}

/** Bytes of a body, as its sender has them. */
export function bodyBytes({ contentType, body }: MessageBody): number {
  if (contentType === "bytes") return Math.floor((body.length * 3) / 4) - (body.endsWith("==") ? 2 : body.endsWith("=") ? 1 : 0);
  return encodedBytes(body);
}

/** Whether a queue may be called so. */
export function isQueueName(name: string): boolean {
  return /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/.test(name);
}
