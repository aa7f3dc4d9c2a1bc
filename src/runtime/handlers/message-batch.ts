/** A batch of messages as a consumer knows it, and what it says about them: the first word on a message is the last. */
import type { DeliveredMessage, Verdict } from "../../model/platform/queue.ts";
import { fromBody } from "../bindings/queue-body.ts";

/** How a message is to come again. */
export interface RetryOptions {
  /** At least so many seconds from now. */
  readonly delaySeconds?: number;
}

/** A message, in Cloudflare's words. */
export interface Message<Body = unknown> {
  readonly id: string;
  readonly timestamp: Date;
  readonly body: Body;
  /** Which delivery this is; the first is 1. */
  readonly attempts: number;
  ack(): void;
  retry(options?: RetryOptions): void;
}

/** What a `queue` handler is given. */
export interface MessageBatch<Body = unknown> {
  readonly queue: string;
  readonly messages: readonly Message<Body>[];
  ackAll(): void;
  retryAll(options?: RetryOptions): void;
}

/** A batch for user code, and what that has said of it so far. */
export function openBatch(queue: string, delivered: readonly DeliveredMessage[]): { batch: MessageBatch; verdict(): Verdict } {
  let all: Verdict["all"];
  const acks = new Set<string>();
  const retries = new Map<string, RetryOptions>();
  const isOpen = (id: string): boolean => all === undefined && !acks.has(id) && !retries.has(id);
  const messages = delivered.map(({ id, timestamp, attempts, ...body }) => ({
    id,
    timestamp: new Date(timestamp),
    attempts,
    body: fromBody(body),
    ack: () => {
      if (isOpen(id)) acks.add(id);
    },
    retry: (options?: RetryOptions) => {
      if (isOpen(id)) retries.set(id, checked(options));
    },
  }));
  return {
    batch: {
      queue,
      messages,
      ackAll: () => {
        all ??= "ack";
      },
      retryAll: (options) => {
        all ??= checked(options);
      },
    },
    verdict: () => ({ all, acks: [...acks], retries: Array.from(retries, ([id, options]) => ({ id, ...options })) }),
  };
}

/** Seconds as a number, whatever user code gave. */
function checked(options: RetryOptions | undefined): RetryOptions {
  const delaySeconds = Math.floor(Number(options?.delaySeconds));
  return Number.isFinite(delaySeconds) && delaySeconds >= 0 ? { delaySeconds } : {};
}
