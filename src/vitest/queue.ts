/** Queues in tests: what is sent is delivered to the Worker's own `queue` handler at once, if it consumes the queue. */
import { randomUUID } from "node:crypto";
import type { DeliveredMessage, SentMessage, Verdict } from "../model/platform/queue.ts";
import { openBatch, type MessageBatch } from "../runtime/handlers/message-batch.ts";
import { handleEvent } from "../runtime/handlers/handlers.ts";
import { env } from "../runtime/cloudflare/environment.ts";
import type { InvocationLog } from "../runtime/handlers/invocation.ts";
import { noScope } from "../runtime/run/scope.ts";
import { queueBinding, type Queue } from "../bindings/queue/client.ts";
import { toBody } from "../runtime/bindings/queue-body.ts";
import { createExecutionContext, waitOnExecutionContext } from "./context.ts";
import type { GivenProject } from "./given.ts";
import type { LoadMain } from "./worker.ts";

/** Errors of handlers are printed; invocations are not followed. */
const log: InvocationLog = { scope: noScope, reportThrown: (stack) => console.error(stack), report: () => {} };

/** Cloudflare's default. */
const MAX_RETRIES = 3;

const NOTHING_LEFT = { backlogCount: 0, backlogBytes: 0 };

/** A producer. Delays are not waited for, and dead letters are dropped. */
export function deliverTo(queue: string, { consumers }: GivenProject["queues"], load: LoadMain): Queue {
  const consumer = consumers?.find((each) => each.queue === queue);
  return queueBinding(async (method, [messages]) => {
    if (method !== "send" || consumer === undefined) return NOTHING_LEFT;
    const delivered = (messages as readonly SentMessage[]).map(({ contentType, body }) => ({
      contentType,
      body,
      id: randomUUID(),
      timestamp: Date.now(),
      attempts: 1,
    }));
    setImmediate(() => void deliver(queue, delivered, consumer.max_retries ?? MAX_RETRIES, load));
    return NOTHING_LEFT;
  });
}

async function deliver(queue: string, messages: readonly DeliveredMessage[], retries: number, load: LoadMain): Promise<void> {
  const { default: handlers } = await load();
  const answer = await handleEvent({ type: "queue", queue, messages }, handlers, env, createExecutionContext(), log);
  if (answer === "no_handler" || retries === 0) return;
  const { thrown, verdict } = answer;
  const again = messages.filter(({ id }) => comesAgain(id, verdict, thrown !== null));
  if (again.length === 0) return;
  const next = again.map(({ attempts, ...message }) => ({ ...message, attempts: attempts + 1 }));
  await deliver(queue, next, retries - 1, load);
}

function comesAgain(id: string, { all, acks, retries }: Verdict, hasThrown: boolean): boolean {
  if (retries.some((each) => each.id === id)) return true;
  if (acks.includes(id) || all === "ack") return false;
  return all !== undefined || hasThrown;
}

/** A message for `createMessageBatch`. */
export interface MessageBatchMessage<Body = unknown> {
  readonly id: string;
  readonly timestamp: Date | number;
  readonly attempts: number;
  readonly body: Body;
}

/** What a handler has said of a batch. */
export interface QueueResult {
  readonly outcome: string;
  readonly ackAll: boolean;
  readonly retryBatch: { readonly retry: boolean; readonly delaySeconds?: number };
  readonly explicitAcks: readonly string[];
  readonly retryMessages: readonly { readonly msgId: string; readonly delaySeconds?: number }[];
}

const verdicts = new WeakMap<object, () => Verdict>();

/** A batch, for a test that calls the `queue` handler itself. */
export function createMessageBatch<Body>(queueName: string, messages: readonly MessageBatchMessage<Body>[]): MessageBatch<Body> {
  const opened = openBatch(
    queueName,
    messages.map(({ id, timestamp, attempts, body }) => ({ id, timestamp: Number(timestamp), attempts, ...toBody(body, "v8") })),
  );
  verdicts.set(opened.batch, () => opened.verdict());
  return opened.batch as MessageBatch<Body>;
}

/** Waits for what was left to `waitUntil`, and says what became of the messages. */
export async function getQueueResult(batch: object, context: object): Promise<QueueResult> {
  const verdict = verdicts.get(batch);
  if (verdict === undefined) throw new TypeError("getQueueResult() requires a batch created with createMessageBatch()");
  await waitOnExecutionContext(context);
  const { all, acks, retries } = verdict();
  const isRetried = all !== undefined && all !== "ack";
  return {
    outcome: "ok",
    ackAll: all === "ack",
    retryBatch: { retry: isRetried, ...(isRetried && all.delaySeconds !== undefined && { delaySeconds: all.delaySeconds }) },
    explicitAcks: acks,
    retryMessages: retries.map(({ id, delaySeconds }) => ({ msgId: id, ...(delaySeconds !== undefined && { delaySeconds }) })),
  };
}
